package convert

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A Postman collection is read whole, up to maxEntry: what its requests inherit
// (variables, auth) commonly stands behind them in the file.

type postmanCollection struct {
	Info struct {
		Schema looseText `json:"schema"`
		Name   looseText `json:"name"`
	} `json:"info"`
	Variable looseList[postmanValue] `json:"variable"`
	postmanItem
}

// A postmanItem is a folder, or a request.
type postmanItem struct {
	Name     looseText                  `json:"name"`
	Item     *looseList[postmanItem]    `json:"item"`
	Auth     *postmanAuth               `json:"auth"`
	Request  json.RawMessage            `json:"request"` // an object, or the URL alone
	Response looseList[postmanResponse] `json:"response"`
	Disabled bool                       `json:"disabled"`
}

type postmanRequest struct {
	Method looseText               `json:"method"`
	URL    postmanURL              `json:"url"`
	Header looseList[postmanValue] `json:"header"`
	Body   *postmanBody            `json:"body"`
	Auth   *postmanAuth            `json:"auth"`
}

// A postmanValue is a header line, a variable, a field of a form or a member of
// auth: they differ in what names them.
type postmanValue struct {
	Key         looseText       `json:"key"`
	Value       looseText       `json:"value"`
	Disabled    bool            `json:"disabled"`
	Enabled     *bool           `json:"enabled"` // of environments
	Type        looseText       `json:"type"`
	Src         json.RawMessage `json:"src"`
	ContentType looseText       `json:"contentType"`
	FileName    looseText       `json:"fileName"`
}

func (v *postmanValue) on() bool { return !v.Disabled && (v.Enabled == nil || *v.Enabled) }

type postmanBody struct {
	Mode       looseText               `json:"mode"`
	Disabled   bool                    `json:"disabled"`
	Raw        looseText               `json:"raw"`
	URLEncoded looseList[postmanValue] `json:"urlencoded"`
	FormData   looseList[postmanValue] `json:"formdata"`
	GraphQL    struct {
		Query     looseText       `json:"query"`
		Variables json.RawMessage `json:"variables"`
	} `json:"graphql"`
	File struct {
		Src looseText `json:"src"`
	} `json:"file"`
	Options struct {
		Raw struct {
			Language looseText `json:"language"`
		} `json:"raw"`
	} `json:"options"`
}

type postmanResponse struct {
	Name         looseText               `json:"name"`
	Code         looseNumber             `json:"code"`
	Header       looseList[postmanValue] `json:"header"`
	Body         looseText               `json:"body"`
	ResponseTime looseNumber             `json:"responseTime"`
}

// A postmanImport is the state of reading one collection. All of its requests
// are one client's.
type postmanImport struct {
	o    ImportOptions
	s    *sink
	vars map[string]string
	conn uint64
	size int // of what was made of one request
}

func importPostman(r *bufio.Reader, o ImportOptions, s *sink) error {
	data, err := io.ReadAll(io.LimitReader(r, maxEntry+1))
	if err != nil {
		return err
	}
	if len(data) > maxEntry {
		return fmt.Errorf("the collection is %w", errTooLong)
	}
	var v valueScan
	if v.scan(data); v.commas > maxValues {
		return fmt.Errorf("the collection has more than %d values", maxValues)
	}
	var c postmanCollection
	if err := json.Unmarshal(data, &c); err != nil {
		return errors.New("it is not a collection of Postman: " + jsonFault(err))
	}
	if c.Item == nil {
		return errors.New("it is not a collection of Postman: it has no items")
	}
	p := &postmanImport{o: o, s: s, vars: map[string]string{}}
	for _, v := range c.Variable {
		if v.on() {
			p.vars[string(v.Key)] = string(v.Value)
		}
	}
	if err := p.environment(o.Environment); err != nil {
		return err
	}
	return p.items(*c.Item, c.Auth, string(c.Info.Name), 0)
}

// environment lets the values of an environment come before those of the
// collection.
func (p *postmanImport) environment(data []byte) error {
	if data == nil {
		return nil
	}
	var e struct {
		Values *looseList[postmanValue] `json:"values"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &e); err != nil || e.Values == nil {
		return errors.New("the environment is not one of Postman: it has no values")
	}
	for _, v := range *e.Values {
		if v.on() {
			p.vars[string(v.Key)] = string(v.Value)
		}
	}
	return nil
}

func (p *postmanImport) items(list []postmanItem, auth *postmanAuth, path string, depth int) error {
	if depth > 64 {
		return p.s.skip(path, errors.New("folders are nested too deeply"))
	}
	for i := range list {
		it := &list[i]
		name := fmt.Sprintf("%s/%s", path, it.Name)
		inherited := auth
		if it.Auth != nil {
			inherited = it.Auth
		}
		var err error
		switch {
		case it.Disabled:
			err = p.s.skip(name, fmt.Errorf("%w: it is disabled", ErrOther))
		case it.Item != nil:
			err = p.items(*it.Item, inherited, name, depth+1)
		case len(it.Request) > 0:
			err = p.item(name, it, inherited)
		default:
			err = p.s.skip(name, errors.New("it has no request"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *postmanImport) item(name string, it *postmanItem, auth *postmanAuth) error {
	var q postmanRequest
	if it.Request[0] == '"' {
		if err := json.Unmarshal(it.Request, &q.URL.Raw); err != nil {
			return p.s.skip(name, errors.New("its request is not one of Postman"))
		}
	} else if err := json.Unmarshal(it.Request, &q); err != nil {
		return p.s.skip(name, errors.New("its request is not one of Postman: "+jsonFault(err)))
	}
	if q.Auth != nil {
		auth = q.Auth
	}
	p.size = 0
	f, err := p.flow(&q, auth)
	if err != nil {
		return p.s.skip(name, err)
	}
	f.Start, f.Error = p.s.tick(), failNone
	if len(it.Response) > 0 {
		p.answer(f, &it.Response[0])
	}
	if p.conn == 0 {
		if p.conn, err = p.s.conn(&flow.Conn{Opened: f.Start}); err != nil {
			return err
		}
	}
	f.Conn = p.conn
	return p.s.put(f)
}

func (p *postmanImport) flow(q *postmanRequest, auth *postmanAuth) (*flow.Flow, error) {
	address, err := p.url(&q.URL)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	at, err := splitURL(address)
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{Scheme: at.scheme}
	method := strings.ToUpper(string(q.Method))
	if method == "" {
		method = "GET"
	}
	if !isToken(method) {
		return nil, errors.New("its method is not one of HTTP")
	}
	f.Request = flow.Request{Method: method, Target: at.target, Authority: at.authority}
	h := flow.Headers{{Name: "Host", Value: at.authority}}
	for _, line := range q.Header {
		if !line.on() || line.Key == "" {
			continue
		}
		key, err := p.fill(string(line.Key))
		if err != nil {
			return nil, err
		}
		value, err := p.fill(string(line.Value))
		if err != nil {
			return nil, err
		}
		h = append(h, flow.Header{Name: key, Value: value})
	}
	f.Request.Headers = h
	if auth != nil {
		if err := p.authorize(f, auth); err != nil {
			return nil, err
		}
	}
	return f, p.body(f, q.Body)
}

// answer takes a saved example as the response.
func (p *postmanImport) answer(f *flow.Flow, r *postmanResponse) {
	code := int(r.Code.positive())
	if code < 100 || code > 999 {
		return
	}
	f.Error = ""
	f.Response = &flow.Response{Status: code}
	for _, line := range r.Header {
		f.Response.Headers = append(f.Response.Headers, flow.Header{Name: string(line.Key), Value: string(line.Value)})
	}
	if f.Response.Body = flow.NewBody([]byte(r.Body)); r.Body != "" {
		// Postman keeps bodies decoded.
		if coding := f.Response.Headers.Value("Content-Encoding"); !looksCoded([]byte(r.Body), coding) {
			f.Response.Headers = dropHeader(f.Response.Headers, "Content-Encoding")
		}
		fixLength(&f.Response.Headers, f.Response.Body.Size)
	}
	f.Done = max(milliseconds(r.ResponseTime.positive()), 1)
	f.FirstByte = f.Done
}

// body sets the body of the mode, and the Content-Type that Postman would add.
func (p *postmanImport) body(f *flow.Flow, b *postmanBody) error {
	if b == nil || b.Disabled {
		return nil
	}
	data, kind, err := p.content(f, b)
	if err != nil || len(data) == 0 {
		return err
	}
	h := f.Request.Headers
	if strings.HasPrefix(kind, "multipart/") || !h.Has("Content-Type") && kind != "" {
		h = setHeader(h, "Content-Type", kind)
	}
	f.Request.Headers = setHeader(h, "Content-Length", fmt.Sprint(len(data)))
	f.Request.Body = flow.NewBody(data)
	return nil
}

func (p *postmanImport) content(f *flow.Flow, b *postmanBody) ([]byte, string, error) {
	switch b.Mode {
	case "raw":
		text, err := p.fill(string(b.Raw))
		kind := map[looseText]string{
			"json": "application/json", "xml": "application/xml", "html": "text/html", "javascript": "application/javascript",
		}[b.Options.Raw.Language]
		if kind == "" {
			kind = "text/plain"
		}
		return []byte(text), kind, err
	case "urlencoded":
		var pairs []pair
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
			pairs = append(pairs, pair{key, value})
		}
		return []byte(encodePairs(pairs)), "application/x-www-form-urlencoded", nil
	case "formdata":
		parts, err := p.parts(b.FormData)
		if err != nil {
			return nil, "", err
		}
		return multipartBody(parts, f.Request.Headers.Value("Content-Type"))
	case "graphql":
		return p.graphQL(b)
	case "file":
		data, err := curlFiles{dir: p.o.Files}.read(string(b.File.Src))
		return data, "application/octet-stream", err
	case "":
		return nil, "", nil
	}
	return nil, "", fmt.Errorf("its body of mode %q is not supported", b.Mode)
}

func (p *postmanImport) parts(list []postmanValue) ([]part, error) {
	var parts []part
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
			parts = append(parts, part{name: key, value: []byte(value), mimeType: string(v.ContentType)})
			continue
		}
		var src looseText
		var several []looseText
		if json.Unmarshal(v.Src, &several) != nil || len(several) == 0 {
			several = []looseText{src}
			if err := json.Unmarshal(v.Src, &several[0]); err != nil || several[0] == "" {
				return nil, fmt.Errorf("the file of its field %q was never chosen", key)
			}
		}
		for _, name := range several {
			data, err := curlFiles{dir: p.o.Files}.read(string(name))
			if err != nil {
				return nil, err
			}
			base := string(name[strings.LastIndexByte(string(name), '/')+1:])
			parts = append(parts, part{name: key, value: data, fileName: base, mimeType: string(v.ContentType)})
		}
	}
	return parts, nil
}

// graphQL writes the JSON that GraphQL over HTTP has; variables may be an
// object, or the text of one.
func (p *postmanImport) graphQL(b *postmanBody) ([]byte, string, error) {
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

// A postmanAuth names a type; the values of each type stand in a list, or in
// older files an object.
type postmanAuth struct {
	Type   looseText
	values map[string]string
}

// UnmarshalJSON reads the member that the type names.
func (a *postmanAuth) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil // null, or nothing that can be inherited
	}
	if err := json.Unmarshal(raw["type"], &a.Type); err != nil {
		return nil
	}
	a.values = map[string]string{}
	var list looseList[postmanValue]
	if err := json.Unmarshal(raw[string(a.Type)], &list); err != nil {
		return nil
	}
	for _, v := range list {
		a.values[string(v.Key)] = string(v.Value)
	}
	var object map[string]looseText
	if json.Unmarshal(raw[string(a.Type)], &object) == nil {
		for k, v := range object {
			a.values[k] = string(v)
		}
	}
	return nil
}

// authorize adds what the auth of a request, its folder or the collection says.
func (p *postmanImport) authorize(f *flow.Flow, a *postmanAuth) error {
	value := map[string]string{}
	for k, v := range a.values {
		var err error
		if value[k], err = p.fill(v); err != nil {
			return err
		}
	}
	set := func(name, text string) {
		if !f.Request.Headers.Has(name) {
			f.Request.Headers = append(f.Request.Headers, flow.Header{Name: name, Value: text})
		}
	}
	switch a.Type {
	case "noauth", "":
	case "basic":
		set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(value["username"]+":"+value["password"])))
	case "bearer":
		set("Authorization", "Bearer "+value["token"])
	case "apikey":
		key := value["key"]
		if key == "" {
			return nil
		}
		if value["in"] == "query" {
			f.Request.Target = addQuery(f.Request.Target, encodePairs([]pair{{key, value["value"]}}))
		} else {
			set(key, value["value"])
		}
	case "oauth2":
		if value["accessToken"] == "" {
			return errors.New("its OAuth token was never fetched")
		}
		set("Authorization", cmp.Or(strings.TrimSpace(value["headerPrefix"]), "Bearer")+" "+value["accessToken"])
	default:
		return fmt.Errorf("its authorization of type %q is not supported", a.Type)
	}
	return nil
}

// A postmanURL is text, or an object with its parts.
type postmanURL struct {
	Raw      looseText
	Query    looseList[postmanValue]
	Variable looseList[postmanValue] // of the path, as :name
}

// UnmarshalJSON takes both forms.
func (u *postmanURL) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &u.Raw)
	}
	var v struct {
		Raw      looseText               `json:"raw"`
		Protocol looseText               `json:"protocol"`
		Host     json.RawMessage         `json:"host"`
		Port     looseText               `json:"port"`
		Path     json.RawMessage         `json:"path"`
		Query    looseList[postmanValue] `json:"query"`
		Variable looseList[postmanValue] `json:"variable"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*u = postmanURL{Raw: v.Raw, Query: v.Query, Variable: v.Variable}
	if u.Raw == "" {
		u.Raw = joined(v.Host, ".")
		if v.Protocol != "" {
			u.Raw = v.Protocol + "://" + u.Raw
		}
		if v.Port != "" {
			u.Raw += ":" + v.Port
		}
		u.Raw += "/" + joined(v.Path, "/")
	}
	return nil
}

// joined reads text, or a list of it.
func joined(raw json.RawMessage, separator string) looseText {
	var list []looseText
	var text looseText
	if json.Unmarshal(raw, &list) != nil {
		if json.Unmarshal(raw, &text) != nil {
			return ""
		}
		return text
	}
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = string(p)
	}
	return looseText(strings.Join(parts, separator))
}

// url returns the URL with its variables: {{name}}, and :name in the path. A
// query with disabled parts is written from its list.
func (p *postmanImport) url(u *postmanURL) (string, error) {
	raw := string(u.Raw)
	if len(u.Query) > 0 {
		base, _, _ := strings.Cut(raw, "?")
		var parts []string
		for _, q := range u.Query {
			if q.on() {
				parts = append(parts, string(q.Key)+"="+string(q.Value))
			}
		}
		if raw = base; len(parts) > 0 {
			raw += "?" + strings.Join(parts, "&")
		}
	}
	if len(u.Variable) > 0 {
		path, query, asked := strings.Cut(raw, "?")
		segments := strings.Split(path, "/")
		for i, s := range segments {
			for _, v := range u.Variable {
				if name, ok := strings.CutPrefix(s, ":"); ok && name == string(v.Key) {
					segments[i] = string(v.Value)
				}
			}
		}
		raw = strings.Join(segments, "/")
		if asked {
			raw += "?" + query
		}
	}
	return p.fill(raw)
}

// fill puts the values of variables in, which may hold variables again.
func (p *postmanImport) fill(text string) (string, error) {
	return p.fillDeep(text, 0)
}

func (p *postmanImport) fillDeep(text string, depth int) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, p.grow(len(text))
	}
	if depth > 8 {
		return "", errors.New("its variables name each other in a circle")
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{{")
		b.WriteString(before)
		if !ok {
			return b.String(), p.grow(len(before))
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || len(name) > 256 {
			b.WriteString("{{" + rest)
			return b.String(), p.grow(len(rest))
		}
		value, err := p.variable(strings.TrimSpace(name), depth)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		text = after
	}
}

// grow keeps variables that hold each other from becoming an endless text.
func (p *postmanImport) grow(n int) error {
	if p.size += n + 1; p.size > maxEntry {
		return errTooLong
	}
	return nil
}

// variable returns the value of {{name}}. Those that Postman draws at random are
// drawn from the number of the request here, so that an import can be repeated.
func (p *postmanImport) variable(name string, depth int) (string, error) {
	if value, ok := p.vars[name]; ok {
		return p.fillDeep(value, depth+1)
	}
	n := p.s.next.Unix()
	switch name {
	case "$timestamp":
		return fmt.Sprint(n), nil
	case "$isoTimestamp":
		return time.Unix(n, 0).UTC().Format("2006-01-02T15:04:05.000Z"), nil
	case "$randomInt":
		return fmt.Sprint(n % 1001), nil
	case "$guid", "$randomUUID":
		h := flow.NewBody([]byte(fmt.Sprint("uuid ", n))).Hash
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(h), uint16(h>>32), h>>48&0xfff, h>>52&0xfff, h&0xffffffffffff), nil
	}
	return "", fmt.Errorf("it uses the variable {{%s}}, which has no value; set it in the collection or an environment", name)
}
