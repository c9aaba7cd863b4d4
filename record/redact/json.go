package redact

import (
	"bytes"
	"slices"
)

// A jsonMode says what is secret in a JSON text.
type jsonMode uint8

const (
	jsonNamed  jsonMode = iota // values with the name of a secret
	jsonSecret                 // everything
	jsonClaims                 // the personal claims of a JSON Web Token
)

// isJSON reports whether b looks like a JSON object or array.
func isJSON(b []byte) bool {
	b = bytes.TrimSpace(b)
	if len(b) < 2 {
		return false
	}
	switch b[0] {
	case '{':
		rest := bytes.TrimLeft(b[1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' {
			return len(rest) > 0 && rest[0] == '}'
		}
		end, _ := stringEnd(rest, 1)
		rest = bytes.TrimLeft(rest[min(len(rest), end+1):], " \t\r\n")
		return len(rest) == 0 || rest[0] == ':'
	case '[':
		rest := bytes.TrimLeft(b[1:], " \t\r\n")
		return len(rest) > 0 && (bytes.IndexByte([]byte(`{["]-`), rest[0]) >= 0 || rest[0] >= '0' && rest[0] <= '9') && bytes.LastIndexByte(b, ']') > 0
	}
	return false
}

// A jsonFrame is an object or array that is open.
type jsonFrame struct {
	object bool
	class  class  // of the value; the members inherit it
	value  class  // of a member "value", told by the member "name"
	newest bool   // members such as "current" or "hash" are secret
	key    string // the name of the object or array; only set for JSON paths
}

// maxNesting is the depth to which objects and arrays are told apart. Deeper ones are
// walked as if they stood at that depth.
const maxNesting = 128

// A jsonWalk walks one JSON text, whole or not. It never fails: it passes over what is
// not JSON.
type jsonWalk struct {
	w     *walker
	b     []byte
	mode  jsonMode
	kind  Kind
	stack [maxNesting]jsonFrame
	depth int
	class class    // of the next value
	pair  pairPart // what the next value is of a pair
	key   []byte
	times bool // the next value is a time of a JSON Web Token
	lists bool // the next value, an array, names columns
	bits  bool // the next value is a part of a JSON Web Key, if it is long

	plural  bool        // the name of the next value is a plural
	tokens  bool        // it names tokens
	holds   bool        // the next value, an object, holds a secret under "value"
	waiting []jsonValue // values of pairs whose names have not come yet
	table   jsonTable
}

// A jsonValue is a string whose class is told by what follows it.
type jsonValue struct {
	depth      int
	start, end int
	escaped    bool
	class      class
}

// json walks a JSON text.
func (w *walker) json(b []byte, mode jsonMode, k Kind) {
	if w.depth >= maxDepth {
		return
	}
	w.depth++
	var walk jsonWalk
	walk.w, walk.b, walk.mode, walk.kind = w, b, mode, k
	walk.class = walk.base()
	walk.run()
	w.depth--
}

// base is the class of a value without a name.
func (j *jsonWalk) base() class {
	if j.mode == jsonNamed {
		return plain
	}
	return token
}

func (j *jsonWalk) run() {
	b := j.b
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			end, escaped := stringEnd(b, i+1)
			if j.isKey(end) {
				j.setKey(b[i+1:end], escaped)
			} else {
				j.value(i+1, end, escaped)
			}
			i = end + 1
		case c == '{' || c == '[':
			j.open(c == '{', i)
			i++
		case c == '}' || c == ']':
			j.close()
			i++
		case c == ',':
			j.next()
			j.table.next(j)
			i++
		case c >= '0' && c <= '9' || c == '-':
			end := i + 1
			for end < len(b) && (b[end] >= '0' && b[end] <= '9' || b[end] == '.' || b[end]|0x20 == 'e' || b[end] == '+' || b[end] == '-') {
				end++
			}
			j.number(b[i:end])
			j.table.other(j)
			i = end
		case isLetter(c):
			end := i + 1
			for end < len(b) && (isWord(b[end]) || b[end] == '.') {
				end++
			}
			if word := b[i:end]; len(word) > 5 { // too long for a literal, so not JSON
				j.w.field(j.class, word)
			}
			i = end
		default:
			i++
		}
	}
	for ; len(j.waiting) > 0; j.depth-- { // the text was cut
		j.depth = j.waiting[len(j.waiting)-1].depth
		j.settle(plain)
	}
}

// stringEnd returns the offset of the quote that ends the string which begins
// at i, or the length of b, and whether there are escape sequences.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	for from := i; ; {
		n := bytes.IndexByte(b[from:], '"')
		if n < 0 {
			return len(b), escaped || bytes.IndexByte(b[i:], '\\') >= 0
		}
		at := from + n
		if escaped || bytes.IndexByte(b[from:at], '\\') >= 0 {
			escaped = true
			slashes := 0
			for k := at - 1; k >= i && b[k] == '\\'; k-- {
				slashes++
			}
			if slashes%2 == 1 {
				from = at + 1
				continue
			}
		}
		return at, escaped
	}
}

// isKey reports whether the string that ends at end is followed by a colon.
func (j *jsonWalk) isKey(end int) bool {
	if j.depth > 0 && j.depth <= maxNesting && !j.stack[j.depth-1].object {
		return false
	}
	for k := end + 1; k < len(j.b); k++ {
		switch j.b[k] {
		case ' ', '\t', '\r', '\n':
		default:
			return j.b[k] == ':'
		}
	}
	return false
}

// setKey notes the name of the next value. The name can be secret too.
func (j *jsonWalk) setKey(key []byte, escaped bool) {
	switch inherited := j.inherited(); {
	case j.mode == jsonClaims:
		j.class, j.times = claimClass(key)
	default:
		name := key
		if escaped {
			name = j.w.decoded(layerEscape, key)
		}
		own := j.w.scope.field(name)
		j.class, j.pair = max(inherited, own), pairPartOf(name)
		j.plural, j.tokens, j.holds = false, false, own.secret()
		if own >= likely {
			j.plural = len(singularOf(string(name))) < len(name)
			j.tokens = bytes.Contains(bytes.ToLower(name), []byte("token"))
			j.holds = j.holds || bytes.Contains(name, []byte("redential"))
		}
		j.lists, j.bits = isColumns(name), isKeyPart(name)
		if f := j.frame(); f != nil && f.newest && own < loose && slices.Contains(versionWords, string(name)) {
			j.class = max(j.class, loose)
		}
		if f := j.frame(); f != nil && f.value > plain {
			switch j.pair {
			case pairValue:
				j.class = max(j.class, f.value)
			case pairContent:
				j.class = max(j.class, min(f.value, loose))
			}
		}
		if j.class == kept || own == kept {
			j.class = kept
		}
	}
	if j.w.scope.paths() {
		j.key = append(j.key[:0], key...)
	}
	j.w.label(key)
	if escaped {
		j.w.layered(layerEscape, key, job{op: opText})
	} else if len(key) >= minKnownWord || len(key) >= 6 && !isName(key) {
		j.w.text(key)
	}
	if j.w.scope.paths() {
		if c := j.w.scope.path(j.stack[:min(j.depth, maxNesting)], j.key); c != plain {
			j.class = c
		}
	}
}

// isName reports whether a short key consists of letters and underscores, as most do.
func isName(key []byte) bool {
	for _, c := range key {
		if !isLetter(c) && c != '_' {
			return false
		}
	}
	return true
}

// frame is the innermost open object or array, or nil.
func (j *jsonWalk) frame() *jsonFrame {
	if j.depth == 0 || j.depth > maxNesting {
		return nil
	}
	return &j.stack[j.depth-1]
}

// inherited is the class that members of the innermost object take over.
func (j *jsonWalk) inherited() class {
	if j.depth == 0 || j.depth > maxNesting {
		return j.base()
	}
	return j.stack[j.depth-1].class
}

// open enters an object or array under the current name. If that is the name of a token,
// all members of an array are secret, and members of an object only if they look random.
// If it is a plural, such as passwords, members are secret that are one word.
func (j *jsonWalk) open(object bool, at int) {
	j.table.open(j, object)
	if j.depth < maxNesting {
		c, named := j.class, j.mode == jsonNamed
		secret := named && c.secret()
		switch {
		case secret && j.plural:
			if c = loose; j.tokens && (object || !j.few(at)) {
				c = likely
			}
		case secret && object, named && c == loose && object:
			c = likely
		}
		f := &j.stack[j.depth]
		*f = jsonFrame{object: object, class: c, newest: secret && object}
		if named && j.holds {
			f.value = loose
		}
		if parent := j.frame(); parent != nil && !parent.object {
			f.value = max(f.value, parent.value)
		}
		if j.w.scope.paths() {
			f.key = string(j.key)
			j.key = j.key[:0]
		}
	}
	j.depth++
	j.next()
}

// few reports whether the array at offset at has three members or less: a longer list of
// tokens is one of words.
func (j *jsonWalk) few(at int) bool {
	rest := j.b[at:min(len(j.b), at+maxLikely)]
	end := bytes.IndexByte(rest, ']')
	return end > 0 && bytes.Count(rest[:end], []byte{','}) < 3
}

func (j *jsonWalk) close() {
	j.settle(plain)
	j.table.close(j)
	j.depth = max(0, j.depth-1)
	j.next()
}

// next forgets the name of the previous value.
func (j *jsonWalk) next() {
	j.class, j.times, j.pair, j.plural, j.holds, j.lists, j.bits = j.inherited(), false, pairNone, false, false, false, false
	if j.key = j.key[:0]; j.depth > 0 && j.depth <= maxNesting && !j.stack[j.depth-1].object && j.w.scope.paths() {
		if c := j.w.scope.path(j.stack[:j.depth], nil); c != plain {
			j.class = c
		}
	}
}

// value walks the string b[start:end], or lets it wait for the name beside it.
func (j *jsonWalk) value(start, end int, escaped bool) {
	b := j.b[start:end]
	f := j.frame()
	if j.mode == jsonNamed && f != nil {
		switch {
		case !f.object:
			j.class = max(j.class, j.table.cell(j, f, b))
		case j.pair == pairName || j.pair == pairLabel || j.pair == pairKind:
			c := j.w.scope.field(b)
			switch {
			case j.pair == pairKind && c != password:
				c = plain
			case j.pair != pairName:
				c = min(c, loose)
			}
			if f.value = max(f.value, c); c > plain {
				defer j.settle(c)
			}
		case j.pair == pairValue && f.value == plain && j.class < token:
			j.waiting = append(j.waiting, jsonValue{j.depth, start, end, escaped, j.class})
			return
		case j.bits && len(b) >= minKeyPart && random(b):
			j.class = max(j.class, token)
		}
	}
	j.str(b, escaped)
}

// settle walks the value that waits in the innermost object, if there is one. c is the
// class that the name beside it tells.
func (j *jsonWalk) settle(c class) {
	n := len(j.waiting) - 1
	if n < 0 || j.waiting[n].depth != j.depth {
		return
	}
	v := j.waiting[n]
	j.waiting = j.waiting[:n]
	was := j.class
	if j.class = max(v.class, c); v.class == kept || c == kept {
		j.class = kept
	}
	j.str(j.b[v.start:v.end], v.escaped)
	j.class = was
}

// str walks a string value.
func (j *jsonWalk) str(b []byte, escaped bool) {
	switch {
	case j.class.secret() && j.mode != jsonNamed:
		if escaped {
			j.w.layered(layerEscape, b, job{op: opSecret, kind: j.kind})
		} else {
			j.w.secret(b, j.kind)
		}
	case escaped && j.class != kept:
		j.w.layered(layerEscape, b, job{op: opField, class: j.class})
	default:
		j.w.field(j.class, b)
	}
}

// number walks a number. Its length, sign, point and exponent stay.
func (j *jsonWalk) number(b []byte) {
	if e := bytes.IndexAny(b, "eE"); e >= 0 {
		b = b[:e]
	}
	switch {
	case j.times && len(b) >= 9:
	case j.class.secret() && !isFiller(b):
		kind := j.kind
		if j.mode == jsonNamed {
			kind = j.class.kind()
		}
		if !j.w.openCode(b, kind) {
			j.w.leaf(formOpaque, b, kind)
		}
	case j.class == likely:
		j.w.shows(b)
	case j.class != kept && len(b) >= 13 && isCard(b):
		j.w.leaf(formCard, b, KindCard)
	}
}

// openClaims are the claims of a JSON Web Token that say nothing about a person (RFC
// 7519, RFC 9068, OpenID Connect).
var openClaims = map[string]bool{"iss": true, "aud": true, "typ": true, "azp": true, "scope": true, "scp": true, "roles": true, "role": true,
	"groups": true, "permissions": true, "amr": true, "acr": true, "alg": true, "kid": true, "token_use": true, "zoneinfo": true, "locale": true,
	"ver": true, "client_id": true, "auth_method": true, "type": true, "cty": true, "entitlements": true, "realm_access": true, "resource_access": true}

// claimClass returns the class of a claim by its name. times is true if a number of nine
// digits or more under this name is a time. It is false for claims about the person.
func claimClass(name []byte) (c class, times bool) {
	if openClaims[string(name)] {
		return plain, true
	}
	switch string(name) {
	case "sub", "uid", "oid", "user_id", "userid", "phone_number", "phone", "jti", "id":
		return token, false
	}
	return token, true
}
