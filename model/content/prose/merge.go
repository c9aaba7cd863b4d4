package prose

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPairs is the number of pairs of words that are compared to tell what was kept.
const maxPairs = 1 << 16

// Merge does to the words of live what was done to those of shown to become sent: words that
// were kept stay as they are in live. Where live has not as many words as shown, the words
// beside the change tell its place; if they are not there, the result is sent.
//
//	Merge("Item 4 of 7", "Item 4, red, of 7", "Item 9 of 7") // Item 9, red, of 7
func Merge(shown, sent, live string) string {
	from, to, now := words(shown), words(sent), words(live)
	place := places(from, now)
	kept := matches(from, to)
	if place == nil || kept == nil {
		return sent
	}
	var out strings.Builder
	done, i, k := 0, 0, 0 // in now, from, to
	for i < len(from) || k < len(to) {
		if i < len(from) && kept[i] == k {
			i, k = i+1, k+1
			continue
		}
		start, put := i, k
		for i < len(from) && kept[i] < 0 {
			i++
		}
		if k = len(to); i < len(from) {
			k = kept[i]
		}
		begin, end := place[start], place[i]
		if begin < done || end < begin {
			return sent
		}
		out.WriteString(strings.Join(now[done:begin], "") + strings.Join(to[put:k], ""))
		done = end
	}
	return out.String() + strings.Join(now[done:], "")
}

// places returns for the place before each word of a, and for that behind the last, where it
// is in b: -1 where no word beside it tells. It is nil if the words are too many to compare.
func places(a, b []string) []int {
	at := make([]int, len(a)+1)
	if len(a) == len(b) {
		for i := range at {
			at[i] = i
		}
		return at
	}
	same := matches(a, b)
	if same == nil {
		return nil
	}
	for i := range at {
		switch {
		case i > 0 && same[i-1] >= 0:
			at[i] = same[i-1] + 1
		case i < len(a) && same[i] >= 0:
			at[i] = same[i]
		case i == 0:
			at[i] = 0
		case i == len(a):
			at[i] = len(b)
		default:
			at[i] = -1
		}
	}
	return at
}

// matches returns for each word of a its place in b, -1 if it is not in the longest common
// part of both; nil if they are too many to compare.
func matches(a, b []string) []int {
	out := slices.Repeat([]int{-1}, len(a))
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		out[head] = head
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
		out[len(a)-tail] = len(b) - tail
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x)*len(y) > maxPairs {
		return nil
	}
	width := len(y) + 1
	length := make([]int32, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for k := len(y) - 1; k >= 0; k-- {
			if x[i] == y[k] {
				length[i*width+k] = length[(i+1)*width+k+1] + 1
			} else {
				length[i*width+k] = max(length[(i+1)*width+k], length[i*width+k+1])
			}
		}
	}
	for i, k := 0, 0; i < len(x) && k < len(y); {
		switch {
		case x[i] == y[k]:
			out[head+i] = head + k
			i, k = i+1, k+1
		case length[(i+1)*width+k] >= length[i*width+k+1]:
			i++
		default:
			k++
		}
	}
	return out
}

// words returns the parts of a text: each word, each run of spaces in a line, and each other
// character. What stands between two letters or digits is part of a word, as in 2026-03-01.
func words(s string) []string {
	var out []string
	start, last := 0, other
	for i, r := range s {
		k := kindOf(r)
		if k == other && last == word && r != '\n' {
			if next, _ := utf8.DecodeRuneInString(s[min(len(s), i+utf8.RuneLen(r)):]); kindOf(next) == word {
				k = word
			}
		}
		if i > start && (k != last || k == other) {
			out = append(out, s[start:i])
			start = i
		}
		last = k
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// The kinds of characters.
const (
	other = iota
	word
	space
)

func kindOf(r rune) int {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_':
		return word
	case r == ' ' || r == '\t':
		return space
	}
	return other
}
