package compose

import (
	"bytes"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A Part is one field of a multipart form.
type Part struct {
	Name     string
	Value    []byte
	FileName string // "" is a plain field
	MimeType string // "" is none, or of a file application/octet-stream
}

// Multipart writes parts as multipart/form-data and returns the body with its
// Content-Type. The boundary is the one in contentType. Without one it is derived from
// the content, so that the same form gives the same bytes.
func Multipart(parts []Part, contentType string) ([]byte, string, error) {
	boundary := ""
	kind, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		boundary = params["boundary"]
	}
	if boundary == "" {
		var all []byte
		for _, p := range parts {
			all = fmt.Appendf(all, "%q%q%q%q", p.Name, p.FileName, p.MimeType, p.Value)
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
		out.Write(p.Value) // a bytes.Buffer takes all
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("form: %w", err)
	}
	return b.Bytes(), contentType, nil
}

var quoteName = strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", "%0D", "\n", "%0A")

func (p *Part) header() textproto.MIMEHeader {
	h := textproto.MIMEHeader{}
	disposition := `form-data; name="` + quoteName.Replace(p.Name) + `"`
	kind := p.MimeType
	if p.FileName != "" {
		disposition += `; filename="` + quoteName.Replace(p.FileName) + `"`
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
