package har

import (
	"github.com/starling-load/starling/record/convert/loose"
)

// The members of HAR 1.2 that are read and written. Members that begin with _ are
// additions of writers: _webSocketMessages, _eventSourceMessages and _error are Chrome's, _socket is
// WebPageTest's, the others are Starling's own.

type entry struct {
	Started      loose.Text               `json:"startedDateTime"`
	Time         loose.Number             `json:"time"`
	Request      *request                 `json:"request"`
	Response     *response                `json:"response"`
	Cache        cache                    `json:"cache"`
	Timings      timings                  `json:"timings"`
	ServerIP     loose.Text               `json:"serverIPAddress,omitempty"`
	Connection   loose.Text               `json:"connection,omitempty"`
	Sockets      loose.List[socket]       `json:"_webSocketMessages,omitempty"`
	Messages     loose.List[socket]       `json:"_messages,omitempty"`
	Events       loose.List[eventMessage] `json:"_eventSourceMessages,omitempty"`
	Conn         *conn                    `json:"_connection,omitempty"`
	ResourceType loose.Text               `json:"_resourceType,omitempty"`
}

type request struct {
	Method      loose.Text            `json:"method"`
	URL         loose.Text            `json:"url"`
	HTTPVersion loose.Text            `json:"httpVersion"`
	Cookies     loose.List[harCookie] `json:"cookies"`
	Headers     loose.List[pair]      `json:"headers"`
	Query       loose.List[pair]      `json:"queryString"`
	Post        *post                 `json:"postData,omitempty"`
	HeadersSize loose.Number          `json:"headersSize"`
	BodySize    loose.Number          `json:"bodySize"`
	Trailers    loose.List[pair]      `json:"_trailers,omitempty"`
}

type response struct {
	Status      loose.Number          `json:"status"`
	StatusText  loose.Text            `json:"statusText"`
	HTTPVersion loose.Text            `json:"httpVersion"`
	Cookies     loose.List[harCookie] `json:"cookies"`
	Headers     loose.List[pair]      `json:"headers"`
	Content     content               `json:"content"`
	Redirect    loose.Text            `json:"redirectURL"`
	HeadersSize loose.Number          `json:"headersSize"`
	BodySize    loose.Number          `json:"bodySize"`
	Error       loose.Text            `json:"_error,omitempty"`
	Transfer    whole                 `json:"_transferSize,omitempty"` // bytes on the wire, as Chrome has it
	Trailers    loose.List[pair]      `json:"_trailers,omitempty"`
}

type pair struct {
	Name  loose.Text `json:"name"`
	Value loose.Text `json:"value"`
}

type harCookie struct {
	Name     loose.Text `json:"name"`
	Value    loose.Text `json:"value"`
	Path     string     `json:"path,omitempty"`
	Domain   string     `json:"domain,omitempty"`
	Expires  string     `json:"expires,omitempty"`
	HTTPOnly bool       `json:"httpOnly,omitempty"`
	Secure   bool       `json:"secure,omitempty"`
}

type post struct {
	MimeType  loose.Text        `json:"mimeType"`
	Text      loose.Text        `json:"text"`
	Params    loose.List[param] `json:"params,omitempty"`
	Encoding  loose.Text        `json:"encoding,omitempty"`
	Encoding2 loose.Text        `json:"_encoding,omitempty"` // as Encoding, in a valid HAR
	Size      whole             `json:"_size,omitempty"`     // of the whole, where text is cut
}

type param struct {
	Name        loose.Text `json:"name"`
	Value       loose.Text `json:"value"`
	FileName    loose.Text `json:"fileName"`
	ContentType loose.Text `json:"contentType"`
}

type content struct {
	Size        loose.Number `json:"size"`
	Compression whole        `json:"compression,omitempty"`
	MimeType    loose.Text   `json:"mimeType"`
	Text        loose.Text   `json:"text,omitempty"`
	Encoding    loose.Text   `json:"encoding,omitempty"`
	Coded       bool         `json:"_contentEncoded,omitempty"` // text is as on the wire: Content-Encoding still applies
	Whole       whole        `json:"_size,omitempty"`           // of the whole, where text is cut
}

type timings struct {
	Blocked loose.Number `json:"blocked"`
	DNS     loose.Number `json:"dns"`
	Connect loose.Number `json:"connect"`
	SSL     loose.Number `json:"ssl"`
	Send    loose.Number `json:"send"`
	Wait    loose.Number `json:"wait"`
	Receive loose.Number `json:"receive"`
}

// A socket is one message of a WebSocket (type, time in Unix seconds, opcode,
// data) or, with a kind, of another stream.
type socket struct {
	Type   loose.Text   `json:"type"`
	Time   unixSeconds  `json:"time"`
	Opcode loose.Number `json:"opcode"`
	Data   loose.Text   `json:"data"`
	Kind   string       `json:"kind,omitempty"`   // "event" or "grpc"
	Base64 bool         `json:"base64,omitempty"` // of data that is not text though its opcode says so
	Size   whole        `json:"size,omitempty"`   // of the whole, where data is cut
}

// cache is what HAR says of the browser's cache, which is not read.
type cache struct{}

// UnmarshalJSON never fails on JSON.
func (*cache) UnmarshalJSON([]byte) error { return nil }

// UnmarshalJSON takes what is no object as an empty one.
func (t *timings) UnmarshalJSON(b []byte) error {
	type plain timings
	return loose.Object(b, (*plain)(t))
}

// UnmarshalJSON takes what is no object as an empty one.
func (c *content) UnmarshalJSON(b []byte) error {
	type plain content
	return loose.Object(b, (*plain)(c))
}

// UnmarshalJSON takes what is no object as an empty one.
func (p *post) UnmarshalJSON(b []byte) error {
	type plain post
	return loose.Object(b, (*plain)(p))
}

// A whole is a whole number, where a writer may have put something else.
type whole int64

// UnmarshalJSON never fails on JSON.
func (n *whole) UnmarshalJSON(b []byte) error {
	var number loose.Number
	err := number.UnmarshalJSON(b)
	*n = whole(min(max(number.Value, -1<<53), 1<<53))
	return err
}

// unixSeconds is a number kept as it is written, since a float64 would round it.
type unixSeconds loose.Text

// UnmarshalJSON never fails on JSON.
func (t *unixSeconds) UnmarshalJSON(b []byte) error { return (*loose.Text)(t).UnmarshalJSON(b) }

// MarshalJSON writes the number.
func (t unixSeconds) MarshalJSON() ([]byte, error) { return []byte(t), nil }

// A conn describes a connection. It stands in the first entry of that connection.
type conn struct {
	Client string   `json:"client,omitempty"`
	Server string   `json:"server,omitempty"`
	Opened string   `json:"opened,omitempty"`
	TLS    *secured `json:"tls,omitempty"`
}

type secured struct {
	Version    string `json:"version,omitempty"`
	Cipher     string `json:"cipher,omitempty"`
	ServerName string `json:"serverName,omitempty"`
	ALPN       string `json:"alpn,omitempty"`
}

// harCreator is the creator that exported files name. A file with this name keeps the
// connections of the recording.
const harCreator = "Starling"
