/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in text. Not strtoull(): it takes blanks and signs, and tells an overflow by errno,
 * which the C library keeps at tp, where a hart's own struct is. No lock: all of it is pure.
 */
#include <core/number.h>

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : UINT32_MAX;
}

bool number_parse(const char *text, uint64_t *number)
{
	unsigned int radix = text[0] != '0' ? 10 : (text[1] | 0x20) == 'x' ? 16 : 8;

	text += radix == 16 ? 2 : 0;
	if (!*text)
		return false;
	*number = 0;
	for (; *text; text++) {
		unsigned int digit = digit_of(*text);

		if (digit >= radix || __builtin_mul_overflow(*number, radix, number) ||
		    __builtin_add_overflow(*number, digit, number))
			return false;
	}
	return true;
}

bool size_parse(const char *text, uint64_t *size)
{
	char digits[24];
	unsigned int length = 0, shift = 0;

	while (text[length] && length < sizeof(digits) - 1) {
		digits[length] = text[length];
		length++;
	}
	if (text[length] || !length)
		return false;
	switch (digits[length - 1] & ~0x20) {
	case 'G':
		shift += 10; /* fall through */
	case 'M':
		shift += 10; /* fall through */
	case 'K':
		shift += 10;
		length--;
	}
	digits[length] = '\0';
	if (!number_parse(digits, size) || *size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}
