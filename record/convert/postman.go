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

	"github.com/starling-load/starling/record/flow"
)

// A Postman collection is read whole, up to maxEntry: what its requests inherit
// (variables, auth) commonly stands behind them in the file.

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
