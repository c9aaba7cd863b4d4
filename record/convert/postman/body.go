package postman

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// body sets the body of the mode, and the Content-Type that Postman would add.
func (p *importer) body(f *flow.Flow, b *postmanBody) error {
	if b == nil || b.Disabled {
		return nil
	}
	data, kind, err := p.content(f, b)
	if err != nil || len(data) == 0 {
		return err
	}
	h := f.Request.Headers
	if strings.HasPrefix(kind, "multipart/") || !h.Has("Content-Type") && kind != "" {
		h = compose.SetHeader(h, "Content-Type", kind)
	}
	f.Request.Headers = compose.SetHeader(h, "Content-Length", fmt.Sprint(len(data)))
	f.Request.Body = flow.NewBody(data)
	return nil
}

func (p *importer) content(f *flow.Flow, b *postmanBody) ([]byte, string, error) {
	switch b.Mode {
	case "raw":
		text, err := p.fill(string(b.Raw))
		kind := map[loose.Text]string{
			"json": "application/json", "xml": "application/xml", "html": "text/html", "javascript": "application/javascript",
		}[b.Options.Raw.Language]
		if kind == "" {
			kind = "text/plain"
		}
		return []byte(text), kind, err
	case "urlencoded":
		var pairs []compose.Pair
		for _, v := range b.URLEncoded {
			if !v.on() {
				continue
			}
			key, err := p.fill(string(v.Key))
			if err != nil {
				return nil, "", err
			}
			value, err := p.fill(string(v.Value))
			if err != nil {
				return nil, "", err
			}
			pairs = append(pairs, compose.Pair{Name: key, Value: value})
		}
		return []byte(compose.EncodePairs(pairs)), "application/x-www-form-urlencoded", nil
	case "formdata":
		parts, err := p.parts(b.FormData)
		if err != nil {
			return nil, "", err
		}
		return compose.Multipart(parts, f.Request.Headers.Value("Content-Type"))
	case "graphql":
		return p.graphQL(b)
	case "file":
		data, err := compose.Files{Dir: p.files}.Read(string(b.File.Src))
		return data, "application/octet-stream", err
	case "":
		return nil, "", nil
	}
	return nil, "", fmt.Errorf("its body of mode %q is not supported", b.Mode)
}

func (p *importer) parts(list []postmanValue) ([]compose.Part, error) {
	var parts []compose.Part
	for _, v := range list {
		if !v.on() {
			continue
		}
		key, err := p.fill(string(v.Key))
		if err != nil {
			return nil, err
		}
		if v.Type != "file" {
			value, err := p.fill(string(v.Value))
			if err != nil {
				return nil, err
			}
			parts = append(parts, compose.Part{Name: key, Value: []byte(value), MimeType: string(v.ContentType)})
			continue
		}
		var src loose.Text
		var several []loose.Text
		if json.Unmarshal(v.Src, &several) != nil || len(several) == 0 {
			several = []loose.Text{src}
			if err := json.Unmarshal(v.Src, &several[0]); err != nil || several[0] == "" {
				return nil, fmt.Errorf("the file of its field %q was never chosen", key)
			}
		}
		for _, name := range several {
			data, err := compose.Files{Dir: p.files}.Read(string(name))
			if err != nil {
				return nil, err
			}
			base := string(name[strings.LastIndexByte(string(name), '/')+1:])
			parts = append(parts, compose.Part{Name: key, Value: data, FileName: base, MimeType: string(v.ContentType)})
		}
	}
	return parts, nil
}

// graphQL writes the JSON of GraphQL over HTTP. Variables may be an object, or its
// text.
func (p *importer) graphQL(b *postmanBody) ([]byte, string, error) {
	query, err := p.fill(string(b.GraphQL.Query))
	if err != nil {
		return nil, "", err
	}
	text := string(b.GraphQL.Variables)
	var inner string
	if json.Unmarshal(b.GraphQL.Variables, &inner) == nil {
		text = inner
	}
	if text, err = p.fill(text); err != nil {
		return nil, "", err
	}
	body := struct {
		Query     string          `json:"query"`
		Variables json.RawMessage `json:"variables,omitempty"`
	}{Query: query}
	if text = strings.TrimSpace(text); text != "" && text != "null" {
		if !json.Valid([]byte(text)) {
			return nil, "", errors.New("the variables of its GraphQL query are not JSON")
		}
		body.Variables = json.RawMessage(text)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, "", errors.New("its GraphQL query cannot be written")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), "application/json", nil
}
