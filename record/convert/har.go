package convert

// The members of HAR 1.2 that are read and written, and those that begin with
// _, which are what writers add: _webSocketMessages and _error are Chrome's,
// _socket is WebPageTest's, the others are Starling's own.

type harEntry struct {
	Started      looseText            `json:"startedDateTime"`
	Time         looseNumber          `json:"time"`
	Request      *harRequest          `json:"request"`
	Response     *harResponse         `json:"response"`
	Cache        struct{}             `json:"cache"`
	Timings      harTimings           `json:"timings"`
	ServerIP     looseText            `json:"serverIPAddress,omitempty"`
	Connection   looseText            `json:"connection,omitempty"`
	Sockets      looseList[harSocket] `json:"_webSocketMessages,omitempty"`
	Messages     looseList[harSocket] `json:"_messages,omitempty"`
	Conn         *harConn             `json:"_connection,omitempty"`
	ResourceType looseText            `json:"_resourceType,omitempty"`
}

type harRequest struct {
	Method      looseText            `json:"method"`
	URL         looseText            `json:"url"`
	HTTPVersion looseText            `json:"httpVersion"`
	Cookies     looseList[harCookie] `json:"cookies"`
	Headers     looseList[harPair]   `json:"headers"`
	Query       looseList[harPair]   `json:"queryString"`
	Post        *harPost             `json:"postData,omitempty"`
	HeadersSize looseNumber          `json:"headersSize"`
	BodySize    looseNumber          `json:"bodySize"`
	Trailers    looseList[harPair]   `json:"_trailers,omitempty"`
}

type harResponse struct {
	Status      looseNumber          `json:"status"`
	StatusText  looseText            `json:"statusText"`
	HTTPVersion looseText            `json:"httpVersion"`
	Cookies     looseList[harCookie] `json:"cookies"`
	Headers     looseList[harPair]   `json:"headers"`
	Content     harContent           `json:"content"`
	Redirect    looseText            `json:"redirectURL"`
	HeadersSize looseNumber          `json:"headersSize"`
	BodySize    looseNumber          `json:"bodySize"`
	Error       looseText            `json:"_error,omitempty"`
	Trailers    looseList[harPair]   `json:"_trailers,omitempty"`
}

type harPair struct {
	Name  looseText `json:"name"`
	Value looseText `json:"value"`
}

type harCookie struct {
	Name     looseText `json:"name"`
	Value    looseText `json:"value"`
	Path     string    `json:"path,omitempty"`
	Domain   string    `json:"domain,omitempty"`
	Expires  string    `json:"expires,omitempty"`
	HTTPOnly bool      `json:"httpOnly,omitempty"`
	Secure   bool      `json:"secure,omitempty"`
}

type harPost struct {
	MimeType  looseText           `json:"mimeType"`
	Text      looseText           `json:"text"`
	Params    looseList[harParam] `json:"params,omitempty"`
	Encoding  looseText           `json:"encoding,omitempty"`
	Encoding2 looseText           `json:"_encoding,omitempty"` // as Encoding, in a valid HAR
	Size      int64               `json:"_size,omitempty"`     // of the whole, where text is cut
}

type harParam struct {
	Name        looseText `json:"name"`
	Value       looseText `json:"value"`
	FileName    looseText `json:"fileName"`
	ContentType looseText `json:"contentType"`
}

type harContent struct {
	Size        looseNumber `json:"size"`
	Compression int64       `json:"compression,omitempty"`
	MimeType    looseText   `json:"mimeType"`
	Text        looseText   `json:"text,omitempty"`
	Encoding    looseText   `json:"encoding,omitempty"`
	Coded       bool        `json:"_contentEncoded,omitempty"` // text is as on the wire: Content-Encoding still applies
	Whole       int64       `json:"_size,omitempty"`           // of the whole, where text is cut
}

type harTimings struct {
	Blocked looseNumber `json:"blocked"`
	DNS     looseNumber `json:"dns"`
	Connect looseNumber `json:"connect"`
	SSL     looseNumber `json:"ssl"`
	Send    looseNumber `json:"send"`
	Wait    looseNumber `json:"wait"`
	Receive looseNumber `json:"receive"`
}

// A harSocket is one message of a WebSocket (type, time in Unix seconds, opcode,
// data) or, with a kind, of another stream.
type harSocket struct {
	Type   looseText   `json:"type"`
	Time   unixSeconds `json:"time"`
	Opcode looseNumber `json:"opcode"`
	Data   looseText   `json:"data"`
	Kind   string      `json:"kind,omitempty"`   // "event" or "grpc"
	Base64 bool        `json:"base64,omitempty"` // of data that is not text though its opcode says so
	Size   int64       `json:"size,omitempty"`   // of the whole, where data is cut
}

// unixSeconds is a number kept as it is written, since a float64 would round it.
type unixSeconds looseText

// UnmarshalJSON never fails on JSON.
func (t *unixSeconds) UnmarshalJSON(b []byte) error { return (*looseText)(t).UnmarshalJSON(b) }

// MarshalJSON writes the number.
func (t unixSeconds) MarshalJSON() ([]byte, error) { return []byte(t), nil }

// A harConn is a connection, told with its first entry.
type harConn struct {
	Client string  `json:"client,omitempty"`
	Server string  `json:"server,omitempty"`
	Opened string  `json:"opened,omitempty"`
	TLS    *harTLS `json:"tls,omitempty"`
}

type harTLS struct {
	Version    string `json:"version,omitempty"`
	Cipher     string `json:"cipher,omitempty"`
	ServerName string `json:"serverName,omitempty"`
	ALPN       string `json:"alpn,omitempty"`
}

// harCreator is the name by which exported files are known again: in them, a
// connection is what it was in the recording.
const harCreator = "Starling"
