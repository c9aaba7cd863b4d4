package codec

import "strconv"

// following returns the whole number that is so far behind the one in a text. Another text,
// and a number before 0, it returns as it is.
func following(text string, by int64) string {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n+by < 0 || strconv.FormatInt(n, 10) != text {
		return text
	}
	return strconv.FormatInt(n+by, 10)
}
