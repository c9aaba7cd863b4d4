package redact

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"html"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A planted form is a way in which a secret stands in traffic. Each text holds the mark §
// in the place of the secret; the rounds of the test take the texts in turn.
type planted struct {
	name  string
	value func(canaries) string
	carry func(text, secret string) []*flow.Flow
	texts []string
}

// plantRounds is how many secrets of each form are planted.
const plantRounds = 4

// Of the planted secrets: how many reach the disk, and how many a scan of the clear recording
// does not report. Both may only fall.
const (
	plantsOnDisk     = 0
	plantsUnreported = 0
)

func allPlanted() []planted {
	return slices.Concat(plantedNames, plantedPairs, plantedLines, plantedCode, plantedKeys, plantedBinary, plantedLater, plantedMore)
}

func TestNoPlantedSecretReachesTheFile(t *testing.T) {
	type one struct{ form, secret string }
	var secrets []one
	c := canaries{testRandom()}
	clear, redacted := newPlantFile(t), newPlantFile(t)
	r := newRedactor(t, testKey, "")
	unreported := map[string]int{}
	for round := range plantRounds {
		for _, p := range allPlanted() {
			secret := p.value(c)
			secrets = append(secrets, one{p.name, secret})
			found := 0
			for _, f := range p.carry(p.texts[round%len(p.texts)], secret) {
				f.Start = time.Unix(1, 0)
				clear.write(f)
				new(Scanner).Scan(f, func(Finding) { found++ })
				r.Flow(f)
				redacted.write(f)
			}
			if found == 0 {
				unreported[p.name+" "+p.texts[round%len(p.texts)]]++
			}
		}
	}
	before, after := clear.content(), redacted.content()
	missed, count := map[string]int{}, 0
	for _, s := range secrets {
		if !holdsSecret(before, s.secret) {
			t.Errorf("%s: the search does not find %q in the clear recording", s.form, s.secret)
		}
		if holdsSecret(after, s.secret) {
			missed[s.form]++
			count++
		}
	}
	blind := 0
	for _, n := range unreported {
		blind += n
	}
	t.Logf("%d secrets in %d forms: %d on disk, %d not reported", len(secrets), len(allPlanted()), count, blind)
	if len(secrets) < 300 || len(allPlanted()) < 80 {
		t.Errorf("%d secrets in %d forms; want 300 in 80", len(secrets), len(allPlanted()))
	}
	if count != plantsOnDisk || blind != plantsUnreported {
		t.Errorf("%d secrets reached the disk, want %d:\n%s\n%d are not reported, want %d:\n%s", count, plantsOnDisk, listed(missed), blind, plantsUnreported, listed(unreported))
	}
}

// listed prints counts, one a line.
func listed(counts map[string]int) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&out, "%3d %q\n", counts[name], name)
	}
	return out.String()
}

// A plantFile is a flow file that is searched once it is written.
type plantFile struct {
	t    *testing.T
	path string
	w    *flowfile.Writer
}

func newPlantFile(t *testing.T) *plantFile {
	path := filepath.Join(t.TempDir(), "x.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &plantFile{t, path, w}
}

func (p *plantFile) write(f *flow.Flow) {
	if err := p.w.Write(f); err != nil {
		p.t.Fatal(err)
	}
}

// content closes the file. It returns the decompressed file, and behind it all that is
// compressed in bodies and messages.
func (p *plantFile) content() []byte {
	if err := p.w.Close(); err != nil {
		p.t.Fatal(err)
	}
	content := fileContent(p.t, p.path)
	for f, err := range flowfile.Flows(p.path) {
		if err != nil {
			p.t.Fatal(err)
		}
		for _, data := range append([][]byte{f.Request.Body.Data, f.Response.Body.Data}, messageData(f)...) {
			content = append(content, unpacked(data)...)
		}
	}
	return content
}

func messageData(f *flow.Flow) (all [][]byte) {
	for i := range f.Messages {
		all = append(all, f.Messages[i].Data)
	}
	return all
}

// unpacked returns what is compressed anywhere in data, as it is or in base64.
func unpacked(data []byte) (out []byte) {
	for at := range data {
		if r, err := gzip.NewReader(bytes.NewReader(data[at:])); err == nil {
			plain, _ := io.ReadAll(r) // as far as it goes
			out = append(out, plain...)
		}
		if data[at] == 0x78 {
			if r, err := zlib.NewReader(bytes.NewReader(data[at:])); err == nil {
				plain, _ := io.ReadAll(r)
				out = append(out, plain...)
			}
		}
		if bytes.HasPrefix(data[at:], []byte("H4sI")) {
			digits := data[at:]
			if end := bytes.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune(tokens64+"+/=", r) }); end >= 0 {
				digits = digits[:end]
			}
			packed, _ := base64.StdEncoding.DecodeString(string(digits))
			out = append(out, unpacked(packed)...)
		}
	}
	return out
}

// holdsSecret reports whether content holds a secret, or half of a long one, in any
// encoding.
func holdsSecret(content []byte, secret string) bool {
	parts := []string{secret}
	if n := len(secret); n >= 24 {
		parts = append(parts, secret[:n/2], secret[n/2:])
	}
	for _, part := range parts {
		for _, found := range searched(part) {
			if bytes.Contains(content, []byte(found)) {
				return true
			}
		}
		for _, found := range []string{utf16Text(part, binary.LittleEndian), utf16Text(part, binary.BigEndian), entitiesAll(part), percentAll(percentAll(part)),
			base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(part))))[:len(part)], bracedAll(part), hexEscapes(part), url.QueryEscape(url.QueryEscape(part)),
			strings.ReplaceAll(quoted(quoted(part)), `\"`, ""), html.EscapeString(html.EscapeString(part))} {
			if bytes.Contains(content, []byte(strings.Trim(found, `"`))) {
				return true
			}
		}
	}
	return false
}

func utf16Text(s string, order binary.AppendByteOrder) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func eachByte(s, format string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&out, format, c)
	}
	return out.String()
}

func entitiesAll(s string) string { return eachByte(s, "&#x%X;") }
func bracedAll(s string) string   { return eachByte(s, `\u{%x}`) }
func hexEscapes(s string) string  { return eachByte(s, `\x%02x`) }

// Values of secrets. All are random and stand for nothing.
func someToken(c canaries) string    { return c.token() }
func somePassword(c canaries) string { return c.password() }
func someWord(c canaries) string     { return c.chars(lowers, 11) }
func someHex(c canaries) string      { return c.chars(hexes, 40) }
func someUUID(c canaries) string     { return c.uuid() }
func someUpper(c canaries) string {
	return c.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 14) + c.chars(digits, 6)
}
func someBase64(c canaries) string {
	return c.chars(tokens64, 10) + "+" + c.chars(tokens64, 12) + "/" + c.chars(tokens64, 11) + "7q8"
}

// somePhrase is like a seed phrase: twelve words.
func somePhrase(c canaries) string {
	words := make([]string, 12)
	for i := range words {
		words[i] = c.chars(lowers, 4+c.r.IntN(4))
	}
	return strings.Join(words, " ")
}

func filled(text, secret string) string { return strings.ReplaceAll(text, "§", secret) }

// Carriers put a text with a secret into flows.

func answered(media string) func(text, secret string) []*flow.Flow {
	return func(text, secret string) []*flow.Flow { return one(answer(get("/x"), media, filled(text, secret))) }
}

func posted(media string) func(text, secret string) []*flow.Flow {
	return func(text, secret string) []*flow.Flow { return one(post(get("/x"), media, filled(text, secret))) }
}

func inTarget(text, secret string) []*flow.Flow {
	return one(get(filled(text, url.QueryEscape(secret))))
}

func inHeader(text, secret string) []*flow.Flow { return one(get("/x", filled(text, secret))) }

func inAnswerHeader(text, secret string) []*flow.Flow {
	f := get("/x")
	name, value, _ := strings.Cut(filled(text, secret), ": ")
	f.Response.Headers = flow.Headers{{Name: name, Value: value}}
	return one(f)
}

func inForm(text, secret string) []*flow.Flow {
	return one(post(get("/x"), formType, filled(text, url.QueryEscape(secret))))
}

func inFrame(text, secret string) []*flow.Flow {
	f := message(flow.MessageText, filled(text, secret))
	f.Messages[0].FromClient = true
	return one(f)
}

func inEvent(text, secret string) []*flow.Flow {
	return one(message(flow.MessageEvent, filled(text, secret)))
}

func inMultipart(text, secret string) []*flow.Flow {
	return one(post(get("/x"), "multipart/form-data; boundary=zz", strings.ReplaceAll(filled(text, secret), "\n", "\r\n")))
}
