package postman_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/convert/converttest"
)

const collection = `{
 "info": {"name": "Shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
 "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
 "item": [
  {"name": "users", "auth": {"type": "basic", "basic": [{"key": "username", "value": "ada"}, {"key": "password", "value": "{{pw}}"}]}, "item": [
   {"name": "login", "request": {"method": "POST", "url": {"raw": "{{base}}/login?x=1&y=2", "query": [{"key": "x", "value": "1"}, {"key": "y", "value": "2", "disabled": true}]},
     "header": [{"key": "X-On", "value": "{{pw}}"}, {"key": "X-Off", "value": "1", "disabled": true}],
     "body": {"mode": "urlencoded", "urlencoded": [{"key": "user", "value": "ada l"}, {"key": "off", "value": "1", "disabled": true}]}},
    "response": [{"name": "ok", "code": 200, "header": [{"key": "Content-Encoding", "value": "gzip"}, {"key": "X", "value": "1"}], "body": "hello", "responseTime": 12}]},
   {"name": "key", "request": {"method": "GET", "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "k"}, {"key": "value", "value": "v"}, {"key": "in", "value": "query"}]}, "url": "{{base}}/k?a=1"}}]},
  {"name": "raw", "request": {"method": "PUT", "url": {"raw": "{{base}}/items/:id", "variable": [{"key": "id", "value": "7"}]}, "body": {"mode": "raw", "raw": "{\"a\":\"{{pw}}\"}", "options": {"raw": {"language": "json"}}}}},
  {"name": "graph", "request": {"method": "POST", "auth": {"type": "noauth"}, "url": {"protocol": "https", "host": ["api", "{{domain}}"], "port": "8443", "path": ["graphql"]}, "body": {"mode": "graphql", "graphql": {"query": "{ me { id } }", "variables": "{\"n\": 1}"}}}},
  {"name": "form", "request": {"method": "POST", "url": "{{base}}/f", "body": {"mode": "formdata", "formdata": [{"key": "a", "value": "1", "type": "text"}, {"key": "f", "type": "file", "src": ["x.txt"], "contentType": "text/plain"}]}}},
  {"name": "file", "request": {"method": "POST", "url": "{{base}}/b", "body": {"mode": "file", "file": {"src": "x.txt"}}}}
 ],
 "variable": [{"key": "base", "value": "http://{{domain}}"}, {"key": "domain", "value": "shop.test"}, {"key": "pw", "value": "p1"}, {"key": "token", "value": "t1"}]
}`

func TestACollectionIsTheRequestsThatPostmanSends(t *testing.T) {
	environment := []byte("\xef\xbb\xbf" + `{"values": [{"key": "pw", "value": "p2", "enabled": true}, {"key": "token", "value": "off", "enabled": false}]}`)
	files := fstest.MapFS{"x.txt": {Data: []byte("hi")}}
	r := converttest.ReadAll(t, "", []byte(collection), converttest.Options{Environment: environment, Files: files})
	var got []string
	for _, f := range r.Flows {
		text := converttest.RequestText(f)
		if i := strings.Index(text, "boundary="); i >= 0 {
			text = strings.ReplaceAll(text, text[i+9:i+9+strings.IndexByte(text[i+9:], ' ')], "B")
		}
		got = append(got, text)
	}
	want := []string{
		"POST http://shop.test/login?x=1 | X-On: p2 | Authorization: Basic YWRhOnAy | Content-Type: application/x-www-form-urlencoded || user=ada+l",
		"GET http://shop.test/k?a=1&k=v",
		`PUT http://shop.test/items/7 | Authorization: Bearer t1 | Content-Type: application/json || {"a":"p2"}`,
		`POST https://api.shop.test:8443/graphql | Content-Type: application/json || {"query":"{ me { id } }","variables":{"n":1}}`,
		"POST http://shop.test/f | Authorization: Bearer t1 | Content-Type: multipart/form-data; boundary=B || --B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--B--\r\n",
		"POST http://shop.test/b | Authorization: Bearer t1 | Content-Type: application/octet-stream || hi",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(want -, got +)\n%s", diff)
	}
	login := r.Flows[0]
	if login.Response == nil || string(login.Response.Body.Data) != "hello" || login.Response.Headers.Has("Content-Encoding") || login.Error != "" {
		t.Errorf("the saved example became %+v, error %q", login.Response, login.Error)
	}
	if r.Flows[1].Response != nil || r.Flows[1].Error != "no response" {
		t.Errorf("a request without an example has %+v, error %q", r.Flows[1].Response, r.Flows[1].Error)
	}
	if len(r.Conns) != 1 {
		t.Errorf("one collection became %d clients", len(r.Conns))
	}
}

// Variables that hold each other many times over do not fill the memory.
func TestVariablesThatGrowAreRefused(t *testing.T) {
	var vars []string
	for i := range 8 {
		vars = append(vars, `{"key":"v`+strconv.Itoa(i)+`","value":"`+strings.Repeat("{{v"+strconv.Itoa(i+1)+"}}", 1000)+`"}`)
	}
	vars = append(vars, `{"key":"v8","value":"x"}`)
	in := `{"item":[{"name":"a","request":"http://a/{{v0}}"}],"variable":[` + strings.Join(vars, ",") + `]}`
	r := converttest.Read(t, "postman", []byte(in), converttest.Options{})
	if len(r.Flows) != 0 || len(r.Skipped) != 1 || !strings.Contains(r.Skipped[0].Error(), "longer than") {
		t.Errorf("%d flows, left out %v", len(r.Flows), r.Skipped)
	}
}
