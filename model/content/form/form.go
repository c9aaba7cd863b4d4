package form

import "strings"

// A Form is an HTML form with the controls that belong to it, in tree order.
type Form struct {
	Method   string // upper case
	Action   string // as written; "": the page's own address
	Enctype  string // lower case; "": application/x-www-form-urlencoded
	ID       string // by which controls elsewhere in the page refer to it
	Controls []Control
}

// A Control is one element that can add entries to what a form sends.
type Control struct {
	Name     string
	Value    string // of a text, box or button: its own value
	Kind     string // type of an input, "textarea", "select" or "button"
	Checked  bool   // of a box or radio button
	Disabled bool   // or in a disabled fieldset, or in a list of proposals
	Multiple bool   // of a select
	Options  []Option
	Action   string // of a submit button: sent there instead
	Dir      string // name under which the direction of the text is sent; "": it is not
	Label    string // of a box or radio button: what the page calls it
}

// An Option is a choice of a select.
type Option struct {
	Value    string
	Selected bool
	Disabled bool
	Label    string // its text
}

// An Entry is one name with its value, as a form sends it.
type Entry struct{ Name, Value string }

// charset is the name of the hidden field in which a browser tells its encoding.
const charset = "_charset_"

// Entries returns what the form sends if nobody touches it and a script or the Enter
// key submits it without a named button, in tree order. Line ends are CR LF.
func (f *Form) Entries() []Entry {
	var out []Entry
	for i := range f.Controls {
		c := &f.Controls[i]
		for _, v := range c.Values() {
			out = append(out, Entry{c.Name, v})
		}
		if c.Dir != "" && !c.Disabled {
			out = append(out, Entry{c.Dir, "ltr"})
		}
	}
	return out
}

// Values returns the values that the control adds untouched. Buttons add none.
func (c *Control) Values() []string {
	if c.Disabled || c.Name == "" || c.IsButton() {
		return nil
	}
	switch c.Kind {
	case "checkbox", "radio":
		if !c.Checked {
			return nil
		}
		return []string{c.Value}
	case "select":
		return c.selected()
	case "hidden":
		if strings.EqualFold(c.Name, charset) {
			return []string{"UTF-8"}
		}
	}
	return []string{LineEnds(c.Value)}
}

// selected returns the values of the selected options. A select of which one can be
// chosen shows the last that is marked, or the first.
func (c *Control) selected() []string {
	var out []string
	for _, o := range c.Options {
		if o.Selected && !o.Disabled {
			out = append(out, o.Value)
		}
	}
	if c.Multiple {
		return out
	}
	if len(out) > 0 {
		return out[len(out)-1:]
	}
	for _, o := range c.Options {
		if !o.Disabled {
			return []string{o.Value}
		}
	}
	return nil
}

// IsButton reports whether the control sends its value only if the user presses it.
func (c *Control) IsButton() bool {
	switch c.Kind {
	case "button", "submit", "image", "reset":
		return true
	}
	return false
}

// Choices returns the values among which the user can choose with the control; nil
// if it is not made for choosing.
func (c *Control) Choices() []string {
	switch c.Kind {
	case "checkbox", "radio", "button", "submit":
		return []string{c.Value}
	case "select":
		out := make([]string, 0, len(c.Options))
		for _, o := range c.Options {
			out = append(out, o.Value)
		}
		return out
	}
	return nil
}

// Labelled returns the values among which the user can choose with the control and that
// the page calls by this label.
func (c *Control) Labelled(label string) []string {
	switch c.Kind {
	case "checkbox", "radio":
		if c.Label == label {
			return []string{c.Value}
		}
	case "select":
		var out []string
		for _, o := range c.Options {
			if o.Label == label {
				out = append(out, o.Value)
			}
		}
		return out
	}
	return nil
}

// LabelOf returns what the page calls the choice with a value; "" for none.
func (c *Control) LabelOf(value string) string {
	switch c.Kind {
	case "checkbox", "radio":
		if c.Value == value {
			return c.Label
		}
	case "select":
		for _, o := range c.Options {
			if o.Value == value {
				return o.Label
			}
		}
	}
	return ""
}

// LineEnds writes every line end as CR LF, as forms send them.
func LineEnds(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}
