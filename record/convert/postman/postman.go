package postman

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// An importer is the state of reading one collection. All of its requests
// are one client's.
type importer struct {
	files fs.FS
	s     *convert.Sink
	vars  map[string]string
	conn  uint64
	size  int // of what was made of one request
}

// A Format reads collections of Postman 2.1.
type Format struct {
	// Environment is a Postman environment (JSON) whose values come before
	// those of the collection. Nil: none.
	Environment []byte

	// Files holds the files that a request may refer to. Nil: requests that refer to
	// files are refused.
	Files fs.FS
}

var (
	schema = regexp.MustCompile(`schema\.(get)?postman\.com|"_postman_id"`)
	object = regexp.MustCompile(`^\s*\{`)
)

// Recognize looks for the name of the schema.
func (Format) Recognize(head []byte) convert.Certainty {
	if object.Match(head) && schema.Match(head) {
		return convert.Sure
	}
	return convert.No
}

// Import reads a collection whole, up to convert.MaxEntry bytes: the variables and auth
// that requests inherit often stand behind them in the file.
func (f Format) Import(r *bufio.Reader, s *convert.Sink) error {
	data, err := io.ReadAll(io.LimitReader(r, convert.MaxEntry+1))
	if err != nil {
		return err
	}
	if len(data) > convert.MaxEntry {
		return fmt.Errorf("the collection is %w", convert.ErrTooLong)
	}
	if loose.TooMany(data) {
		return fmt.Errorf("the collection has more than %d values", loose.MaxValues)
	}
	var c collection
	if err := json.Unmarshal(data, &c); err != nil {
		return errors.New("it is not a collection of Postman: " + loose.Fault(err))
	}
	if c.Item == nil {
		return errors.New("it is not a collection of Postman: it has no items")
	}
	p := &importer{files: f.Files, s: s, vars: map[string]string{}}
	for _, v := range c.Variable {
		if v.on() {
			p.vars[string(v.Key)] = string(v.Value)
		}
	}
	if err := p.environment(f.Environment); err != nil {
		return err
	}
	return p.items(*c.Item, c.Auth, string(c.Info.Name), 0)
}

// environment makes the values of an environment win over those of the collection.
func (p *importer) environment(data []byte) error {
	if data == nil {
		return nil
	}
	var e struct {
		Values *loose.List[postmanValue] `json:"values"`
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

func (p *importer) items(list []item, auth *postmanAuth, path string, depth int) error {
	if depth > 64 {
		return p.s.Skip(path, errors.New("folders are nested too deeply"))
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
			err = p.s.Skip(name, fmt.Errorf("%w: it is disabled", convert.ErrOther))
		case it.Item != nil:
			err = p.items(*it.Item, inherited, name, depth+1)
		case len(it.Request) > 0:
			err = p.item(name, it, inherited)
		default:
			err = p.s.Skip(name, errors.New("it has no request"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *importer) item(name string, it *item, auth *postmanAuth) error {
	var q request
	if it.Request[0] == '"' {
		if err := json.Unmarshal(it.Request, &q.URL.Raw); err != nil {
			return p.s.Skip(name, errors.New("its request is not one of Postman"))
		}
	} else if err := json.Unmarshal(it.Request, &q); err != nil {
		return p.s.Skip(name, errors.New("its request is not one of Postman: "+loose.Fault(err)))
	}
	if q.Auth != nil {
		auth = q.Auth
	}
	p.size = 0
	f, err := p.flow(&q, auth)
	if err != nil {
		return p.s.Skip(name, err)
	}
	f.Start, f.Error = p.s.Tick(), convert.NoResponse
	if len(it.Response) > 0 {
		p.answer(f, &it.Response[0])
	}
	if p.conn == 0 {
		if p.conn, err = p.s.Conn(&flow.Conn{Opened: f.Start}); err != nil {
			return err
		}
	}
	f.Conn = p.conn
	return p.s.Put(f)
}

func (p *importer) flow(q *request, auth *postmanAuth) (*flow.Flow, error) {
	address, err := p.url(&q.URL)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	at, err := compose.SplitURL(address)
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{Scheme: at.Scheme}
	method := strings.ToUpper(string(q.Method))
	if method == "" {
		method = "GET"
	}
	if !http1.IsToken(method) {
		return nil, errors.New("its method is not one of HTTP")
	}
	f.Request = flow.Request{Method: method, Target: at.Target, Authority: at.Authority}
	h := flow.Headers{{Name: "Host", Value: at.Authority}}
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

// answer sets a saved example as the response.
func (p *importer) answer(f *flow.Flow, r *response) {
	code := int(r.Code.Positive())
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
		if coding := f.Response.Headers.Value("Content-Encoding"); !compose.LooksCoded([]byte(r.Body), coding) {
			f.Response.Headers = compose.DropHeader(f.Response.Headers, "Content-Encoding")
		}
		compose.FixLength(&f.Response.Headers, f.Response.Body.Size)
	}
	f.Done = max(loose.Milliseconds(r.ResponseTime.Positive()), 1)
	f.FirstByte = f.Done
}

// authorize adds what the auth of a request, its folder or the collection asks for.
func (p *importer) authorize(f *flow.Flow, a *postmanAuth) error {
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
			f.Request.Target = compose.AddQuery(f.Request.Target, compose.EncodePairs([]compose.Pair{{Name: key, Value: value["value"]}}))
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
