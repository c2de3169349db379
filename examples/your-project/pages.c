// SPDX-License-Identifier: MIT
/* pages.c - see pages.h */

#include "pages.h"

int pages_open(struct exmap_client *pages, size_t nr_pages, size_t nr_frames)
{
	struct exmap_ioctl_setup setup = { .fd = -1,
					   .max_interfaces = 1,
					   .buffer_size = nr_frames };

	return exmap_client_open(pages, &setup, nr_pages);
}

char *pages_alloc(struct exmap_client *pages, size_t page)
{
	struct exmap_iov range = exmap_client_range(page, 1);

	if (exmap_client_act(pages, 0, EXMAP_OP_ALLOC, &range, 1) < 0)
		return NULL;
	return exmap_client_page(pages, page);
}

void pages_free(struct exmap_client *pages, size_t page)
{
	struct exmap_iov range = exmap_client_range(page, 1);

	exmap_client_act(pages, 0, EXMAP_OP_FREE, &range, 1);
}
