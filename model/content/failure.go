package content

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// jsonErrors returns a feature for each member that tells of an error, see
// [Doc.Shape].
func jsonErrors(b []byte) []string {
	root := gjson.ParseBytes(b)
	if root.IsObject() {
		return objectErrors(root, "$", nil)
	}
	var out []string
	if root.IsArray() {
		root.ForEach(func(_, element gjson.Result) bool {
			if element.IsObject() {
				out = objectErrors(element, "$[]", out)
			}
			return true
		})
	}
	return out
}

// objectErrors adds the features of one object at path to out.
func objectErrors(object gjson.Result, path string, out []string) []string {
	object.ForEach(func(key, value gjson.Result) bool {
		if tellsError(key.Str, value) {
			if f := "error:" + path + "." + key.Str; !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
		return true
	})
	return out
}

// tellsError reports whether a member tells of an error.
func tellsError(name string, value gjson.Result) bool {
	switch name {
	case "errors", "error":
		switch value.Type {
		case gjson.String:
			return value.Str != ""
		case gjson.Number:
			return value.Num != 0
		case gjson.JSON:
			return strings.Trim(value.Raw, "[]{} \t\r\n") != ""
		}
		return value.Type == gjson.True
	case "ok", "success":
		return value.Type == gjson.False
	case "status":
		return value.Str == "error" || value.Str == "fail"
	}
	return false
}

// hasFault reports whether an XML document is a fault: of SOAP (Envelope, Body, Fault)
// or of XML-RPC (methodResponse, fault).
func hasFault(b []byte) bool {
	if !bytes.Contains(b, []byte("ault")) {
		return false
	}
	soapFault, rpcFault := [...]string{"Envelope", "Body", "Fault"}, [...]string{"methodResponse", "fault"}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	var path []string
	for {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			switch {
			case slices.Equal(path, soapFault[:]), slices.Equal(path, rpcFault[:]):
				return true
			case len(path) > maxDepth:
				return false
			}
		case xml.EndElement:
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		}
	}
}
