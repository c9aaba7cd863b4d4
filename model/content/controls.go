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
	inOption   bool
	valued     bool // the open option has a value attribute; else its text is the value
	groupOff   bool // in a disabled group of options
	off        int  // fieldsets that are open, from the first disabled one on
	datalist   bool

	labels  []label
	inLabel bool // the last of labels is open
	boxes   []box
}

// A label is what a page calls a control: the one with the id, or that within the label.
type label struct {
	of   string
	text []byte
}

// A box is a control that may have a label.
type box struct {
	form, index int
	id          string
	label       int // index of the label around it; -1: none
}

// maxLabel is how many bytes of a label are kept.
const maxLabel = 200

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
	case "label":
		if c.inLabel = !closed && len(c.labels) < maxItems; c.inLabel {
			c.labels = append(c.labels, label{of: a.of})
		}
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
		if x.Kind == "checkbox" || x.Kind == "radio" {
			b := box{c.at, len(f.Controls) - 1, a.id, -1}
			if c.inLabel {
				b.label = len(c.labels) - 1
			}
			c.boxes = append(c.boxes, b)
		}
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
		c.inOption, c.valued, c.option = true, a.hasValue, c.option[:0]
	}
}

// endOption gives an option its text: as label and, without a value attribute, as value.
func (c *controls) endOption() {
	if s := c.last("select"); c.inOption && s != nil && len(s.Options) > 0 {
		o := &s.Options[len(s.Options)-1]
		o.Label = oneLine(c.option)
		if !c.valued {
			o.Value = o.Label
		}
	}
	c.inOption = false
}

// oneLine returns a text with single spaces in place of white space.
func oneLine(b []byte) string { return string(bytes.Join(bytes.Fields(b), []byte(" "))) }

// characters takes text. It reports whether the text belongs to a control.
func (c *controls) characters(t []byte) bool {
	switch {
	case c.inTextarea:
		c.textarea = append(c.textarea, t...)
	case c.inOption:
		c.option = append(c.option, t...)
		return !c.valued
	default:
		if c.inLabel {
			l := &c.labels[len(c.labels)-1]
			l.text = append(l.text, t[:min(len(t), maxLabel-len(l.text))]...)
		}
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
	case "label":
		c.inLabel = false
	}
}

// name gives boxes their labels.
func (c *controls) name() {
	of := make(map[string]int, len(c.labels))
	for i := range c.labels {
		if id := c.labels[i].of; id != "" {
			of[id] = i
		}
	}
	for _, b := range c.boxes {
		at, ok := b.label, b.label >= 0
		if !ok && b.id != "" {
			at, ok = of[b.id]
		}
		if ok {
			c.forms[b.form].Controls[b.index].Label = oneLine(c.labels[at].text)
		}
	}
}

// finish gives the controls that name their form to it, and returns the forms.
func (c *controls) finish() []form.Form {
	c.name()
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
