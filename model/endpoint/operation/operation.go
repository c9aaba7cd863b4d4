package operation

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// maxBatch bounds the operations of one batch that are named.
const maxBatch = 3

// Of returns the name of what r calls, for the protocols that call many operations
// over one address, and "" for all else. leaves are those of r.
func Of(r *flow.Request, leaves []content.Leaf) string {
	if name := InHeader(r); name != "" {
		return name
	}
	if len(r.Body.Data) == 0 && !strings.Contains(r.Target, "query=") && !strings.Contains(r.Target, "operationName=") {
		return ""
	}
	calls := map[string]*call{}
	var order []string
	for _, l := range leaves {
		item, key, ok := callKey(l.Selector)
		if !ok {
			continue
		}
		c := calls[item]
		if c == nil && len(order) < maxBatch {
			c = &call{}
			calls[item] = c
			order = append(order, item)
		}
		if c != nil {
			c.set(key, l.Value)
		}
	}
	var names []string
	for _, item := range order {
		if name := calls[item].name(); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// callKey splits a selector into the call of a batch and the key in it.
func callKey(selector string) (item, key string, ok bool) {
	if key, ok := strings.CutPrefix(selector, "query:"); ok {
		return "", key, key == "query" || key == "operationName"
	}
	rest, ok := strings.CutPrefix(selector, "body:$")
	if !ok {
		return "", "body", selector == "body:*"
	}
	if strings.HasPrefix(rest, "[") {
		i := strings.IndexByte(rest, ']')
		if i < 0 {
			return "", "", false
		}
		item, rest = rest[:i+1], rest[i+1:]
	}
	key, ok = strings.CutPrefix(rest, ".")
	return item, key, ok
}

// A call is what one operation of a body says about itself.
type call struct {
	method, document, operation, hash string
	rpc, graph                        bool
}

func (c *call) set(key, value string) {
	switch key, _, nested := strings.Cut(key, "."); {
	case key == "jsonrpc" && !nested:
		c.rpc = true
	case key == "method" && !nested:
		c.method = value
	case key == "operationName" && !nested:
		c.operation = value
	case key == "query" && !nested, key == "body":
		if isDocument(value) {
			c.document = value
		} else if key == "body" {
			c.operation, c.graph = soapOperation(value), true
		}
	case key == "variables":
		c.graph = true
	case key == "extensions":
		c.graph = true
		if strings.HasSuffix(value, "Hash") || len(value) == 64 {
			c.hash = value[:8]
		}
	}
}

// name returns the name of the operation, with the key that holds it where that is
// no part of a protocol of its own.
func (c *call) name() string {
	switch {
	case c.rpc && isName(c.method):
		return "method=" + c.method
	case c.operation != "" && (c.graph || c.document != "") && isName(c.operation):
		return c.operation
	case c.document != "":
		if name := documentName(c.document); name != "" {
			return name
		}
	case c.graph && c.hash != "":
		return c.hash
	}
	return ""
}

// InHeader returns the operation that a header names, or "".
func InHeader(r *flow.Request) string {
	for _, h := range r.Headers {
		name := strings.ToLower(h.Name)
		value := h.Value
		switch {
		case name == "soapaction", name == "content-type" && strings.Contains(value, "action="):
			if name == "content-type" {
				_, value, _ = strings.Cut(value, "action=")
				value, _, _ = strings.Cut(value, ";")
			}
			value = strings.Trim(value, `" `)
			value = value[strings.LastIndexAny(value, "/#:")+1:]
			name = "SOAPAction"
		case name == "if-none-match" && strings.TrimSpace(value) == "*" && r.Method == "PUT":
			return "If-None-Match=*" // creates what must not be there yet (RFC 9110, 13.1.2)
		case strings.HasPrefix(name, "x-") && (strings.HasSuffix(name, "-action") || strings.HasSuffix(name, "-target") || strings.HasSuffix(name, "-operation") || strings.HasSuffix(name, "-method-override")):
			name = h.Name
		default:
			continue
		}
		if isName(value) {
			return name + "=" + value
		}
	}
	return ""
}

// soapOperation returns the name of the first element in the body of an envelope.
func soapOperation(s string) string {
	for at, inside := 0, false; at < len(s); {
		i := strings.IndexByte(s[at:], '<')
		if i < 0 {
			return ""
		}
		at += i + 1
		end := at
		for end < len(s) && (alphanumeric(s[end]) || strings.IndexByte("_-.:", s[end]) >= 0) {
			end++
		}
		name := s[at:end]
		name = name[strings.LastIndexByte(name, ':')+1:]
		switch {
		case name == "": // a closing tag, a comment, the declaration
		case inside:
			return name
		case name == "Body":
			inside = true
		case at > 4096:
			return ""
		}
	}
	return ""
}
