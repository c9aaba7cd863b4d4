package convert

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// The first bytes of files that other commands read: pcap in both byte orders and
// resolutions, pcapng, and flow files.
var (
	captureMagics = []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"}
	flowMagics    = []string{"\x5b\x2a\x4d\x18"}
)

func hasPrefix(head []byte, magics []string) bool {
	return slices.ContainsFunc(magics, func(m string) bool { return bytes.HasPrefix(head, []byte(m)) })
}

// HeadSize is how many bytes of an input are looked at to detect its format.
const HeadSize = 64 << 10

// ErrUnknown says that the format of an input was not recognised.
var ErrUnknown = errors.New("the format was not recognised; name it")

// Certainty says how much the beginning of an input looks like a format.
type Certainty int

// The degrees of certainty.
const (
	No     Certainty = iota
	Guess            // nothing speaks against it, and something for it
	Likely           // several lines are as they should be
	Sure             // a mark that no other format has
)

// Detect finds the format of r from its beginning: the one of which it is most certain,
// and of several the first. It returns the format and a reader of the whole input,
// unzipped, for Import. The error is ErrUnknown where no format fits.
func Detect(r io.Reader, formats []Format) (Format, io.Reader, error) {
	br, err := open(r)
	if err != nil {
		return Format{}, nil, err
	}
	f, err := detect(br, formats)
	return f, br, err
}

// open returns r without the gzip around it and without a byte order mark, as UTF-8.
func open(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, HeadSize)
	if head, _ := br.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("open gzip: %w", err)
		}
		br = bufio.NewReaderSize(z, HeadSize)
	}
	if head, _ := br.Peek(2); bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff}) {
		// As some programs of Windows save text.
		br = bufio.NewReaderSize(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(br), HeadSize)
	}
	if head, _ := br.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		br.Discard(3) // cannot fail: Peek has it
	}
	return br, nil
}

// detect does not consume the input.
func detect(br *bufio.Reader, formats []Format) (Format, error) {
	head, err := br.Peek(HeadSize)
	if len(head) == 0 {
		if err == io.EOF {
			err = errors.New("the input is empty")
		}
		return Format{}, err
	}
	best, most := Format{}, No
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
		if c := f.In.Recognize(head); c > most {
			best, most = f, c
		}
	}
	switch {
	case most > No:
	case hasPrefix(head, captureMagics):
		return Format{}, errors.New("it is a packet capture; read it with starling record capture --read")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return Format{}, errors.New("it is a zip archive; unpack it and name the files in it, or export a session of Fiddler (.saz) as HTTPArchive")
	case hasPrefix(head, flowMagics):
		return Format{}, errors.New("it is a recording already; see starling flow --help for what to do with it")
	default:
		return Format{}, fmt.Errorf("%w, one of %s", ErrUnknown, strings.Join(names, ", "))
	}
	return best, nil
}
