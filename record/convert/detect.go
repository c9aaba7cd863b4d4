package convert

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// The first bytes of files that other commands read: pcap in both byte orders and
// resolutions and pcapng; flow files.
var (
	captureMagics = []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"}
	flowMagics    = []string{"\x5b\x2a\x4d\x18"}
)

func hasPrefix(head []byte, magics []string) bool {
	return slices.ContainsFunc(magics, func(m string) bool { return bytes.HasPrefix(head, []byte(m)) })
}

// headSize is how much of an input is looked at to tell its format, in bytes.
const headSize = 64 << 10

// Detect tells the format of r from its beginning. It returns a reader of all of
// it, unzipped, which Import takes; ErrUnknown where the format is none of these.
func Detect(r io.Reader) (format string, rest io.Reader, err error) {
	br, err := open(r)
	if err != nil {
		return "", nil, err
	}
	format, err = detect(br)
	return format, br, err
}

// open returns r without the gzip around it and without a byte order mark.
func open(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, headSize)
	if head, _ := br.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("open gzip: %w", err)
		}
		br = bufio.NewReaderSize(z, headSize)
	}
	if head, _ := br.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		br.Discard(3) // cannot fail: Peek has it
	}
	return br, nil
}

var (
	reMitm    = regexp.MustCompile(`^\d{1,12}:\d{1,12}:`)
	reText    = regexp.MustCompile(`^(#.*\n|[ \t]*\r?\n)*(flow \d+|conn \d+|loss at=\S+|info \w+=\S+)( |\r?\n)`)
	reGor     = regexp.MustCompile(`^[123] [0-9a-fA-F]{8,64} \d{15,20}( \d+)?\r?\n`)
	reHAR     = regexp.MustCompile(`^\s*\{\s*"log"\s*:\s*[\{\[]`)
	rePostman = regexp.MustCompile(`schema\.(get)?postman\.com|"_postman_id"`)
	reCurl    = regexp.MustCompile(`(?m)^\s*(\$ )?curl(\.exe)?\s`)
	reObject  = regexp.MustCompile(`^\s*\{`)
	reEntries = regexp.MustCompile(`"log"\s*:\s*\{`)
)

// detect tells the format from the beginning of the input, which it does not
// consume.
func detect(br *bufio.Reader) (string, error) {
	head, err := br.Peek(headSize)
	if len(head) == 0 {
		if err == io.EOF {
			return "", fmt.Errorf("the input is empty")
		}
		return "", err
	}
	switch {
	case hasPrefix(head, captureMagics):
		return "", fmt.Errorf("it is a packet capture; read it with starling record capture --read")
	case hasPrefix(head, flowMagics):
		return "", fmt.Errorf("it is a recording already; see starling flow --help for what to do with it")
	case reText.Match(head):
		return "text", nil
	case reGor.Match(head):
		return "gor", nil
	case reMitm.Match(head):
		return "mitm", nil
	case reHAR.Match(head):
		return "har", nil
	case reObject.Match(head) && rePostman.Match(head):
		return "postman", nil
	}
	if _, err := detectLog(head); err == nil {
		return "log", nil
	}
	switch {
	case reObject.Match(head) && reEntries.Match(head):
		return "har", nil
	case reCurl.Match(head):
		return "curl", nil
	}
	return "", ErrUnknown
}
