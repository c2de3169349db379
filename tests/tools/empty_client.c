// SPDX-License-Identifier: MIT
/* empty_client.c - a program that does nothing; how it is linked is what matters */

int main(void)
{
	return 0;
}
