package convert

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A part is one field of a multipart form.
type part struct {
	name     string
	value    []byte
	fileName string // "" is a plain field
	mimeType string // "" is none, or of a file application/octet-stream
}

// multipartBody writes parts as multipart/form-data and returns the body with
// its Content-Type. The boundary is that of contentType, or follows from the
// content, so that the same form gives the same bytes.
func multipartBody(parts []part, contentType string) ([]byte, string, error) {
	boundary := ""
	kind, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		boundary = params["boundary"]
	}
	if boundary == "" {
		var all []byte
		for _, p := range parts {
			all = fmt.Appendf(all, "%q%q%q%q", p.name, p.fileName, p.mimeType, p.value)
		}
		boundary = fmt.Sprintf("----StarlingForm%016x", flow.NewBody(all).Sum())
		if !strings.HasPrefix(kind, "multipart/") {
			kind = "multipart/form-data"
		}
		contentType = kind + "; boundary=" + boundary
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		return nil, "", fmt.Errorf("form: %w", err)
	}
	for _, p := range parts {
		out, err := w.CreatePart(p.header())
		if err != nil {
			return nil, "", fmt.Errorf("form: %w", err)
		}
		out.Write(p.value) // a bytes.Buffer takes all
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("form: %w", err)
	}
	return b.Bytes(), contentType, nil
}

var quoteName = strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", "%0D", "\n", "%0A")

func (p *part) header() textproto.MIMEHeader {
	h := textproto.MIMEHeader{}
	disposition := `form-data; name="` + quoteName.Replace(p.name) + `"`
	kind := p.mimeType
	if p.fileName != "" {
		disposition += `; filename="` + quoteName.Replace(p.fileName) + `"`
		if kind == "" {
			kind = "application/octet-stream"
		}
	}
	h.Set("Content-Disposition", disposition)
	if kind != "" && !strings.ContainsAny(kind, "\r\n") {
		h.Set("Content-Type", kind)
	}
	return h
}

// dataURL returns the content of a base64 data URL, which is how some writers
// put files into a form.
func dataURL(text string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(text, "data:")
	if !ok {
		return nil, false
	}
	kind, data, ok := strings.Cut(rest, ",")
	if !ok || !strings.HasSuffix(kind, ";base64") {
		return nil, false
	}
	b, err := decodeBase64(data)
	return b, err == nil
}

// decodeBase64 takes both alphabets, with or without padding and line ends.
func decodeBase64(text string) ([]byte, error) {
	clean := strings.NewReplacer("\r", "", "\n", "", " ", "", "-", "+", "_", "/").Replace(text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(clean, "="))
}
