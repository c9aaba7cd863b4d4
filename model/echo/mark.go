package echo

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Limits on marks, in bytes.
const (
	leastMark = 4
	leastWide = 6 // of one with characters beyond ASCII
	mostMark  = 64
	mostWord  = 200 // of one without a space
)

// Mark returns the part of a text by which it is found in an answer: its longest run of
// characters that stand as they are in HTML, JSON and plain text. "" if the text has none
// that tells anything.
func Mark(text string) string {
	if mark := longest(text, isPlain); len(mark) >= leastMark {
		return mark
	}
	if mark := longest(text, isLiteral); len(mark) >= leastWide {
		return mark
	}
	return ""
}

// isPlain reports whether a character stands as it is in any encoding of texts.
func isPlain(c rune) bool {
	return c < utf8.RuneSelf && isWord(byte(c)) || strings.ContainsRune(" -_.", c)
}

// isLiteral reports whether a character stands as it is in UTF-8.
func isLiteral(c rune) bool { return isPlain(c) || c >= utf8.RuneSelf && c != utf8.RuneError }

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// longest returns the longest run of characters that are fit, cut between words.
func longest(text string, fit func(rune) bool) string {
	best := ""
	for run := range strings.FieldsFuncSeq(text, func(c rune) bool { return !fit(c) }) {
		if run = whole(strings.Trim(run, " -_.")); len(run) > len(best) {
			best = run
		}
	}
	return best
}

// whole returns as many whole words of a run as a mark may have. A long word is none.
func whole(run string) string {
	if len(run) > mostMark {
		if at := strings.LastIndexByte(run[:mostMark+1], ' '); at > 0 {
			run = run[:at]
		}
	}
	if len(run) > mostWord {
		return ""
	}
	return run
}

// Shows reports whether a body shows a mark: whole, not as a part of a longer word.
func Shows(body []byte, mark string) bool { return Count(body, mark, 1) > 0 }

// Count returns how often a body shows a mark, most at most.
func Count(body []byte, mark string, most int) (n int) {
	for at := 0; n < most; {
		i := bytes.Index(body[at:], []byte(mark))
		if i < 0 {
			break
		}
		at += i
		end := at + len(mark)
		if begins(body[:at]) && (end == len(body) || !isWord(body[end])) {
			n++
		}
		at = end
	}
	return n
}

// begins reports whether a word can begin behind text: after anything but a letter or
// digit, and after an escape of a JSON string.
func begins(text []byte) bool {
	n := len(text)
	if n == 0 || !isWord(text[n-1]) {
		return true
	}
	return n >= 2 && text[n-2] == '\\' || n >= 6 && text[n-6] == '\\' && text[n-5] == 'u'
}
