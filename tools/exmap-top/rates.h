/* SPDX-License-Identifier: MIT */
/* rates.h - what is shown of an exmap or an interface: rates between two snapshots, and levels */
#ifndef EXMAP_TOP_RATES_H
#define EXMAP_TOP_RATES_H

#include "tools/exmap-top/snapshot.h"

/**
 * enum figure - a column
 * @FRAMES:   of an exmap: frames
 * @RESIDENT: of an exmap: mapped pages
 * @FREE:     frames in the interface's list; of an exmap: frames without a page
 * @ACTIONS:  a second
 * @PAGES:    allocated and freed a second
 * @READS:    pages read from the backing a second
 * @STEALS:   a second
 * @FAULTS:   of an exmap: accesses to pages that were not allocated, a second
 * @MEAN:     pages of an action; over its whole life if there was no action since
 * @LARGEST:  the most pages of one batch so far
 */
enum figure {
	FRAMES,
	RESIDENT,
	FREE,
	ACTIONS,
	PAGES,
	READS,
	STEALS,
	FAULTS,
	MEAN,
	LARGEST,
	NR_FIGURES
};

/** struct row - the figures of an exmap or of an interface; NAN where there is none */
struct row {
	double figure[NR_FIGURES];
};

/**
 * rates_of_interface() - the figures of an interface
 * @then:    the exmap in an earlier snapshot, or NULL
 * @seconds: time between the two
 */
struct row rates_of_interface(const struct exmap_figures *now, const struct exmap_figures *then,
			      size_t interface, double seconds);

/** rates_of_exmap() - the figures of an exmap; as rates_of_interface(). */
struct row rates_of_exmap(const struct exmap_figures *now, const struct exmap_figures *then,
			  double seconds);

#endif /* EXMAP_TOP_RATES_H */
