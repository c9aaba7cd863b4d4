package postman

import (
	"encoding/json"
	"strings"

	"github.com/starling-load/starling/record/convert/loose"
)

type collection struct {
	Info struct {
		Schema loose.Text `json:"schema"`
		Name   loose.Text `json:"name"`
	} `json:"info"`
	Variable loose.List[postmanValue] `json:"variable"`
	item
}

// An item is a folder, or a request.
type item struct {
	Name     loose.Text           `json:"name"`
	Item     *loose.List[item]    `json:"item"`
	Auth     *postmanAuth         `json:"auth"`
	Request  json.RawMessage      `json:"request"` // an object, or the URL alone
	Response loose.List[response] `json:"response"`
	Disabled bool                 `json:"disabled"`
}

type request struct {
	Method loose.Text               `json:"method"`
	URL    address                  `json:"url"`
	Header loose.List[postmanValue] `json:"header"`
	Body   *postmanBody             `json:"body"`
	Auth   *postmanAuth             `json:"auth"`
}

// A postmanValue is a header line, a variable, a field of a form or a member of
// auth: they differ in what names them.
type postmanValue struct {
	Key         loose.Text      `json:"key"`
	Value       loose.Text      `json:"value"`
	Disabled    bool            `json:"disabled"`
	Enabled     *bool           `json:"enabled"` // of environments
	Type        loose.Text      `json:"type"`
	Src         json.RawMessage `json:"src"`
	ContentType loose.Text      `json:"contentType"`
	FileName    loose.Text      `json:"fileName"`
}

func (v *postmanValue) on() bool { return !v.Disabled && (v.Enabled == nil || *v.Enabled) }

type postmanBody struct {
	Mode       loose.Text               `json:"mode"`
	Disabled   bool                     `json:"disabled"`
	Raw        loose.Text               `json:"raw"`
	URLEncoded loose.List[postmanValue] `json:"urlencoded"`
	FormData   loose.List[postmanValue] `json:"formdata"`
	GraphQL    struct {
		Query     loose.Text      `json:"query"`
		Variables json.RawMessage `json:"variables"`
	} `json:"graphql"`
	File struct {
		Src loose.Text `json:"src"`
	} `json:"file"`
	Options struct {
		Raw struct {
			Language loose.Text `json:"language"`
		} `json:"raw"`
	} `json:"options"`
}

type response struct {
	Name         loose.Text               `json:"name"`
	Code         loose.Number             `json:"code"`
	Header       loose.List[postmanValue] `json:"header"`
	Body         loose.Text               `json:"body"`
	ResponseTime loose.Number             `json:"responseTime"`
}

// A postmanAuth names a type; the values of each type stand in a list, or in
// older files an object.
type postmanAuth struct {
	Type   loose.Text
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
	var list loose.List[postmanValue]
	if err := json.Unmarshal(raw[string(a.Type)], &list); err != nil {
		return nil
	}
	for _, v := range list {
		a.values[string(v.Key)] = string(v.Value)
	}
	var object map[string]loose.Text
	if json.Unmarshal(raw[string(a.Type)], &object) == nil {
		for k, v := range object {
			a.values[k] = string(v)
		}
	}
	return nil
}

// An address is a URL: text, or an object with its parts.
type address struct {
	Raw      loose.Text
	Query    loose.List[postmanValue]
	Variable loose.List[postmanValue] // of the path, as :name
}

// UnmarshalJSON takes both forms.
func (u *address) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &u.Raw)
	}
	var v struct {
		Raw      loose.Text               `json:"raw"`
		Protocol loose.Text               `json:"protocol"`
		Host     json.RawMessage          `json:"host"`
		Port     loose.Text               `json:"port"`
		Path     json.RawMessage          `json:"path"`
		Query    loose.List[postmanValue] `json:"query"`
		Variable loose.List[postmanValue] `json:"variable"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*u = address{Raw: v.Raw, Query: v.Query, Variable: v.Variable}
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
func joined(raw json.RawMessage, separator string) loose.Text {
	var list []loose.Text
	var text loose.Text
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
	return loose.Text(strings.Join(parts, separator))
}
