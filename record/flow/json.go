package flow

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// JSON writes a flow as one line of JSON with the keys that FORMAT.md lists.
// Bytes that are not UTF-8 in header lines become U+FFFD; bodies are exact.
func JSON(w io.Writer, f *Flow) error { return JSONDecoded(w, f, nil) }

// JSONDecoded writes a flow as JSON does, and with what decode makes of bodies and
// messages beside their content.
func JSONDecoded(w io.Writer, f *Flow, decode Decoder) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(jsonOf(f, decode)); err != nil {
		return fmt.Errorf("write flow %d as JSON: %w", f.Number, err)
	}
	return nil
}

type jsonFlow struct {
	Number      uint64         `json:"number"`
	Conn        uint64         `json:"conn"`
	Session     string         `json:"session"` // hash of the best identity of this flow
	Scheme      string         `json:"scheme"`
	Protocol    string         `json:"protocol"`
	Start       string         `json:"start"`
	RequestDone time.Duration  `json:"request_done_ns"`
	FirstByte   time.Duration  `json:"first_byte_ns"`
	Done        time.Duration  `json:"done_ns"`
	Complete    bool           `json:"complete"`
	Error       string         `json:"error,omitempty"`
	Request     jsonRequest    `json:"request"`
	Interim     []jsonResponse `json:"interim,omitempty"`
	Response    *jsonResponse  `json:"response"`
	Messages    []jsonMessage  `json:"messages,omitempty"`
}

type jsonRequest struct {
	Method    string       `json:"method"`
	Target    string       `json:"target"`
	Authority string       `json:"authority"`
	Headers   []jsonHeader `json:"headers"`
	Body      *jsonBody    `json:"body,omitempty"`
	Trailers  []jsonHeader `json:"trailers,omitempty"`
}

type jsonResponse struct {
	Status   int          `json:"status"`
	Headers  []jsonHeader `json:"headers"`
	Body     *jsonBody    `json:"body,omitempty"`
	Trailers []jsonHeader `json:"trailers,omitempty"`
}

type jsonHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type jsonBody struct {
	jsonContent
	Size      int64  `json:"size"`
	Hash      string `json:"hash,omitempty"` // of the whole content, where it is known
	Truncated bool   `json:"truncated,omitempty"`
}

// jsonContent has one of its fields, or none when there is no data.
type jsonContent struct {
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`

	Decoded *jsonDecoded `json:"decoded,omitempty"`
}

type jsonDecoded struct {
	As   string `json:"as"`
	Text string `json:"text"`
}

type jsonMessage struct {
	At   time.Duration `json:"at_ns"`
	From string        `json:"from"` // "client" or "server"
	Kind string        `json:"kind"`
	jsonContent
	Size int64 `json:"size"`
}

func jsonOf(f *Flow, decode Decoder) jsonFlow {
	q := &f.Request
	j := jsonFlow{
		Number: f.Number, Conn: f.Conn, Session: fmt.Sprintf("%016x", f.Identity().Hash), Scheme: f.Scheme, Protocol: f.Protocol, Start: instant(f.Start),
		RequestDone: f.RequestDone, FirstByte: f.FirstByte, Done: f.Done, Complete: f.Complete(), Error: f.Error,
		Request: jsonRequest{
			Method: q.Method, Target: q.Target, Authority: q.Authority,
			Headers: jsonHeaders(q.Headers), Body: jsonBodyOf(q.Headers, q.Body, decode), Trailers: jsonHeaders(q.Trailers),
		},
	}
	for i := range f.Interim {
		j.Interim = append(j.Interim, jsonResponseOf(&f.Interim[i], decode))
	}
	if f.Response != nil {
		r := jsonResponseOf(f.Response, decode)
		j.Response = &r
	}
	for i := range f.Messages {
		m := &f.Messages[i]
		from := "server"
		if m.FromClient {
			from = "client"
		}
		j.Messages = append(j.Messages, jsonMessage{
			At: m.At, From: from, Kind: m.Kind.String(), jsonContent: jsonContentOf(messageContent(f, m), decode), Size: m.Size,
		})
	}
	return j
}

func jsonResponseOf(r *Response, decode Decoder) jsonResponse {
	return jsonResponse{
		Status: r.Status, Headers: jsonHeaders(r.Headers), Body: jsonBodyOf(r.Headers, r.Body, decode), Trailers: jsonHeaders(r.Trailers),
	}
}

func jsonHeaders(h Headers) []jsonHeader {
	out := make([]jsonHeader, len(h))
	for i := range h {
		out[i] = jsonHeader(h[i])
	}
	return out
}

func jsonBodyOf(h Headers, b Body, decode Decoder) *jsonBody {
	if b = b.normal(); b.Size == 0 {
		return nil
	}
	c := Content{Headers: h, Data: b.Data, Cut: b.Truncated()}
	j := &jsonBody{jsonContent: jsonContentOf(c, decode), Size: b.Size, Truncated: b.Truncated()}
	if sum := b.Sum(); sum != 0 {
		j.Hash = fmt.Sprintf("%016x", sum)
	}
	return j
}

func jsonContentOf(c Content, decode Decoder) (j jsonContent) {
	if as, text := decoded(decode, c); as != "" {
		j.Decoded = &jsonDecoded{as, text}
	}
	if textual(c.Data) {
		j.Text = string(c.Data)
	} else {
		j.Base64 = c.Data
	}
	return j
}
