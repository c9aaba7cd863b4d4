package curl

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/flow"
)

// An exporter writes one command of the shell for each flow.
type exporter struct{ w *bufio.Writer }

// Export writes a command for each flow.
func (Format) Export(w io.Writer) convert.Writer {
	return &exporter{bufio.NewWriterSize(w, 64<<10)}
}

func (x *exporter) Write(r flow.Record) error {
	f, ok := r.(*flow.Flow)
	if !ok {
		return nil
	}
	if _, err := x.w.WriteString(command(f)); err != nil {
		return fmt.Errorf("export flow %d as curl: %w", f.Number, err)
	}
	return nil
}

func (x *exporter) Close() error {
	if err := x.w.Flush(); err != nil {
		return fmt.Errorf("export curl: %w", err)
	}
	return nil
}

// defaults are the header lines that curl sends by itself. The command removes those
// that the recording lacks.
var defaults = []string{"User-Agent", "Accept"}

// command returns the command that sends the request of a flow as it was, with its
// header lines in their order. Host and Content-Length are the only lines that curl
// adds.
func command(f *flow.Flow) string {
	r := &f.Request
	var b strings.Builder
	for i := range f.Messages {
		if k := f.Messages[i].Kind; k != flow.MessageEvent && k != flow.MessageGRPC {
			fmt.Fprintf(&b, "# flow %d is a WebSocket; this is its handshake alone\n", f.Number)
			break
		}
	}
	if r.Body.Truncated() {
		fmt.Fprintf(&b, "# the body of flow %d is cut: %d of %d bytes\n", f.Number, len(r.Body.Data), r.Body.Size)
	}
	data := r.Body.Data
	if len(data) > 0 && !plainText(data) {
		fmt.Fprintf(&b, "printf %%s '%s' | base64 -d | ", base64.StdEncoding.EncodeToString(data))
	}
	b.WriteString("curl " + shellQuote(uRL(f)))
	b.WriteString(flags(f))
	if r.Method == http.MethodHead {
		b.WriteString(" -I")
	} else if r.Method != http.MethodGet || len(data) > 0 {
		b.WriteString(" -X " + shellQuote(wire.OneLine(r.Method)))
	}
	for _, line := range r.Headers {
		if skips(line, r.Authority) {
			continue
		}
		if line.Value == "" {
			b.WriteString(" \\\n  -H " + shellQuote(wire.OneLine(line.Name)+";"))
		} else {
			b.WriteString(" \\\n  -H " + shellQuote(wire.OneLine(line.Name)+": "+wire.OneLine(line.Value)))
		}
	}
	for _, name := range defaults {
		if !r.Headers.Has(name) {
			b.WriteString(" \\\n  -H '" + name + ":'")
		}
	}
	switch {
	case len(data) == 0:
	case !r.Headers.Has("Content-Type"):
		b.WriteString(" \\\n  -H 'Content-Type:'")
	}
	switch {
	case len(data) == 0:
	case plainText(data):
		b.WriteString(" \\\n  --data-raw " + shellQuote(string(data)))
	default:
		b.WriteString(" \\\n  --data-binary @-")
	}
	b.WriteByte('\n')
	return b.String()
}

// skips reports whether a line is left out because curl writes it itself.
func skips(line flow.Header, authority string) bool {
	switch strings.ToLower(line.Name) {
	case "content-length":
		return true
	case "host":
		return line.Value == authority
	}
	return line.Name == "" || line.Name[0] == ':' || line.Name[0] == '@'
}

func uRL(f *flow.Flow) string {
	if strings.HasPrefix(f.Request.Target, "/") {
		return wire.OneLine(f.URL())
	}
	return f.Scheme + "://" + wire.OneLine(f.Request.Authority)
}

// flags returns the options with which curl sends the request as it was.
func flags(f *flow.Flow) string {
	var b strings.Builder
	target := f.Request.Target
	if !strings.HasPrefix(target, "/") {
		b.WriteString(" --request-target " + shellQuote(wire.OneLine(target)))
	}
	if strings.ContainsAny(target, "{}[]") {
		b.WriteString(" -g")
	}
	if strings.Contains(target, "/.") {
		b.WriteString(" --path-as-is")
	}
	switch f.Protocol {
	case "HTTP/1.0":
		b.WriteString(" --http1.0")
	case "HTTP/1.1":
		b.WriteString(" --http1.1")
	case "HTTP/2.0":
		if f.Scheme == "http" {
			b.WriteString(" --http2-prior-knowledge")
		} else {
			b.WriteString(" --http2")
		}
	case "HTTP/3.0":
		b.WriteString(" --http3")
	}
	return b.String()
}

// plainText reports whether data can stand in the argument of a command.
func plainText(data []byte) bool {
	for _, c := range data {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(data) && len(data) < 100<<10 // Linux takes 128 KiB an argument
}

// shellQuote quotes text for any shell of POSIX.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
