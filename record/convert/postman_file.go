package convert

import (
	"encoding/json"
	"strings"
)

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
