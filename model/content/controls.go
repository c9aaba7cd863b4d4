package content

import (
	"bytes"
	"strings"

	"github.com/starling-load/starling/model/content/form"
)

// controls collects the forms of a page with their controls.
type controls struct {
	forms []form.Form
	at    int // index of the open form; 0 holds the controls outside of forms

	elsewhere []elsewhere // controls that name their form
	count     int

	textarea   []byte
	option     []byte
	inTextarea bool
	inSelect   bool
	inOption   bool // an option without value attribute: its text is the value
	groupOff   bool // in a disabled group of options
	off        int  // fieldsets that are open, from the first disabled one on
	datalist   bool
}

// An elsewhere is a control that belongs to the form with this id, wherever it stands.
type elsewhere struct {
	form    string
	control form.Control
}

const maxForms = 1000

// openForm takes the start of a form.
func (c *controls) openForm(a *attributes) {
	if len(c.forms) >= maxForms {
		return
	}
	if a.method == "" {
		a.method = "GET"
	}
	c.forms = append(c.forms, form.Form{Method: a.method, Action: a.action, Enctype: a.enctype, ID: a.id})
	c.at = len(c.forms) - 1
}

// control takes the start of an element that may be a control or hold some.
func (c *controls) control(tag string, closed bool, a *attributes) {
	switch tag {
	case "input":
		kind := a.kind
		if kind == "" {
			kind = "text"
		}
		if (kind == "checkbox" || kind == "radio") && !a.hasValue {
			a.value = "on"
		}
		c.add(a, form.Control{Value: a.value, Kind: kind, Checked: a.checked, Action: a.formaction})
	case "button":
		if a.kind != "reset" && a.kind != "button" {
			a.kind = "submit"
		}
		c.add(a, form.Control{Value: a.value, Kind: a.kind, Action: a.formaction})
	case "textarea":
		c.add(a, form.Control{Kind: "textarea"})
		c.inTextarea, c.textarea = !closed, c.textarea[:0]
	case "select":
		c.add(a, form.Control{Kind: "select", Multiple: a.multiple})
		c.inSelect, c.groupOff = a.name != "", false
	case "option":
		c.startOption(a)
	case "optgroup":
		c.endOption()
		c.groupOff = a.disabled
	case "fieldset":
		if c.off > 0 || a.disabled {
			c.off++
		}
	case "datalist":
		c.datalist = !closed
	}
}

// add adds a control to the open form, or to the form that it names.
func (c *controls) add(a *attributes, x form.Control) {
	if c.count >= maxItems {
		return
	}
	c.count++
	x.Name, x.Dir = a.name, a.dirname
	x.Disabled = a.disabled || c.off > 0 || c.datalist
	if a.form != "" {
		c.elsewhere = append(c.elsewhere, elsewhere{a.form, x})
		return
	}
	if x.Name != "" {
		f := &c.forms[c.at]
		f.Controls = append(f.Controls, x)
	}
}

// last returns the control of a kind that was added last, if it is the newest.
func (c *controls) last(kind string) *form.Control {
	if n := len(c.elsewhere); n > 0 && c.elsewhere[n-1].control.Kind == kind {
		if fs := c.forms[c.at].Controls; len(fs) == 0 || fs[len(fs)-1].Kind != kind {
			return &c.elsewhere[n-1].control
		}
	}
	fs := c.forms[c.at].Controls
	if len(fs) == 0 || fs[len(fs)-1].Kind != kind {
		return nil
	}
	return &fs[len(fs)-1]
}

// startOption takes an option of the open select.
func (c *controls) startOption(a *attributes) {
	c.endOption()
	if s := c.last("select"); c.inSelect && s != nil && c.count < maxItems {
		c.count++
		s.Options = append(s.Options, form.Option{Value: a.value, Selected: a.selected, Disabled: a.disabled || c.groupOff})
		c.inOption, c.option = !a.hasValue, c.option[:0]
	}
}

// endOption gives an option without a value attribute its text as the value.
func (c *controls) endOption() {
	if s := c.last("select"); c.inOption && s != nil && len(s.Options) > 0 {
		s.Options[len(s.Options)-1].Value = string(bytes.Join(bytes.Fields(c.option), []byte(" ")))
	}
	c.inOption = false
}

// characters takes text. It reports whether the text belongs to a control.
func (c *controls) characters(t []byte) bool {
	switch {
	case c.inTextarea:
		c.textarea = append(c.textarea, t...)
	case c.inOption:
		c.option = append(c.option, t...)
	default:
		return false
	}
	return true
}

// endControl takes an end tag.
func (c *controls) endControl(tag string) {
	switch tag {
	case "form":
		c.at = 0
	case "option":
		c.endOption()
	case "optgroup":
		c.endOption()
		c.groupOff = false
	case "select":
		c.endOption()
		c.inSelect = false
	case "textarea":
		if x := c.last("textarea"); c.inTextarea && x != nil {
			// The first line end behind the tag is no part of the text.
			text := strings.TrimPrefix(string(c.textarea), "\r")
			x.Value = strings.TrimPrefix(text, "\n")
		}
		c.inTextarea = false
	case "fieldset":
		c.off = max(0, c.off-1)
	case "datalist":
		c.datalist = false
	}
}

// finish gives the controls that name their form to it, and returns the forms.
func (c *controls) finish() []form.Form {
	byID := make(map[string]int, len(c.forms))
	for i := len(c.forms) - 1; i > 0; i-- {
		if id := c.forms[i].ID; id != "" {
			byID[id] = i
		}
	}
	for _, e := range c.elsewhere {
		if e.control.Name != "" {
			f := &c.forms[byID[e.form]]
			f.Controls = append(f.Controls, e.control)
		}
	}
	return c.forms
}
