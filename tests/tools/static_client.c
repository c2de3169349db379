// SPDX-License-Identifier: MIT
/* static_client.c - a program that no preloaded library reaches */

int main(void)
{
	return 0;
}
