package content

import "strings"

// A Cell is a text of the row of an element: what scripts copy from there into forms and
// requests of their own.
type Cell struct {
	// Place says where in the row the text is: "div.mail" for the first element with this
	// tag and class, "input.mail" for a field by its name, "@data-mail" for a data attribute,
	// "mail" for a member in JSON and XML; "td#2" for the second of its kind.
	Place string
	Text  string // without space around it; "": there is none
}

// Name returns what a place is called: the class of its element, the name of its member.
func (c *Cell) Name() string {
	place, _, _ := strings.Cut(c.Place, "#")
	if name, ok := strings.CutPrefix(place, "@data-"); ok {
		return name
	}
	return place[strings.IndexByte(place, '.')+1:]
}

// Cells returns the cells of the row of each element that Elements finds. They are nil where the
// selector finds a single one: nothing then shows what its row is.
func (s Selector) Cells(d *Doc) [][]Cell {
	list := s.rows(d)
	out := make([][]Cell, len(list))
	for i := range list {
		if r := list[i].row; r != nil && !r.only {
			out[i] = r.all()
		}
	}
	return out
}

// CellSelector returns the selector of the cells at a place of the rows that another finds.
func CellSelector(of, place string) string { return of + "|cell:" + escapeBar(place) }

// OfCell cuts a selector of cells into that of the elements and the place in their rows.
func OfCell(selector string) (of, place string, ok bool) {
	i := strings.LastIndex(selector, "|cell:")
	if i < 0 {
		return selector, "", false
	}
	return selector[:i], selector[i+len("|cell:"):], true
}

// ofCell reports whether the selector is one of cells.
func (s Selector) ofCell() bool { return s.steps[len(s.steps)-1].kind == "cell" }

// rows returns what the steps of the selector before that of a cell find, with their rows.
// They are kept for the other cells.
func (s Selector) rows(d *Doc) []Element {
	of, _, _ := OfCell(s.source)
	if d.rows == nil {
		d.rows = map[string][]Element{}
	}
	list, had := d.rows[of]
	if !had {
		steps := s.steps
		if s.ofCell() {
			steps = steps[:len(steps)-1]
		}
		list = elementsOf(steps, d, true)
		d.rows[of] = list
	}
	return list
}

// cells returns the elements with the texts at a place of their rows in place of their values.
func (s Selector) cells(d *Doc) []Element {
	list := s.rows(d)
	out := make([]Element, len(list))
	for i, x := range list {
		x.Of, x.Value, x.Lacks = x.Value, "", true
		if x.row != nil {
			if text, ok := x.row.at(s.steps[len(s.steps)-1].name); ok {
				x.Value, x.Lacks = text, false
			}
		}
		x.row, out[i] = nil, x
	}
	return out
}

// A celled is a cell with its node. Its place does not say yet which of its kind it is.
type celled struct {
	Cell
	node int32
}

// A row is where the cells of an element are.
type row struct {
	o    *outline
	of   []int32 // places in o.cells
	only bool    // it is not known how far the row reaches
	node int32
}

// all returns the cells of the row.
func (r *row) all() []Cell {
	seen := map[string]int{}
	var out []Cell
	for _, i := range r.of {
		c := r.o.cells[i].Cell
		if seen[c.Place]++; seen[c.Place] > 1 {
			c.Place += "#" + string(appendInt(nil, seen[c.Place]))
		}
		out = append(out, c)
	}
	return out
}

// at returns the text at a place of the row. Of a row that may reach any far, that is the
// nearest.
func (r *row) at(place string) (text string, ok bool) {
	if !r.only {
		return textAt(r.all(), place)
	}
	for n := r.node; n >= 0; n = r.o.parents[n] {
		wide := row{o: r.o}
		for i := range r.o.cells {
			if r.o.within(r.o.cells[i].node, n) {
				wide.of = append(wide.of, int32(i))
			}
		}
		if text, ok := textAt(wide.all(), place); ok {
			return text, true
		}
	}
	return "", false
}

func textAt(cells []Cell, place string) (text string, ok bool) {
	for i := range cells {
		if cells[i].Place == place {
			return cells[i].Text, true
		}
	}
	return "", false
}

// within reports whether a node is n or in it.
func (o *outline) within(node, n int32) bool {
	for node > n {
		node = o.parents[node]
	}
	return node == n
}

// element notes the cell of the open node, an element of a page.
func (o *outline) element(tag string, a *attributes) {
	if !o.celled {
		return
	}
	name, text := a.name, ""
	switch tag {
	case "input":
		text = a.value
	case "textarea", "select", "button":
	default:
		name = ""
	}
	if name == "" {
		name, _, _ = strings.Cut(strings.TrimSpace(a.class), " ")
	}
	if name != "" {
		tag += "." + name
	}
	o.cell(tag, text)
	for len(o.own) <= int(o.open) {
		o.own = append(o.own, 0)
	}
	o.own[o.open] = int32(len(o.cells))
}

// cell notes a text of the open node.
func (o *outline) cell(place, text string) {
	if o.celled && len(o.cells) < maxItems*maxShared {
		o.cells = append(o.cells, celled{Cell{place, strings.TrimSpace(text)}, o.open})
	}
}

// said notes the first text within the open node, whose cell is the last one of it.
func (o *outline) said(text string) {
	if !o.celled {
		return
	}
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	if int(o.open) >= len(o.own) {
		return
	}
	if i := o.own[o.open]; i > 0 && o.cells[i-1].Text == "" {
		o.cells[i-1].Text = text
	}
}

// rowsOf returns the rows of values: the cells of the nodes that are theirs.
func (o *outline) rowsOf(values []found, ids map[string]int32, whose [][]int32, several bool) []*row {
	rows := make([]*row, len(ids))
	for _, v := range values {
		if id := ids[v.value]; rows[id] == nil {
			rows[id] = &row{o: o, only: len(ids) == 1, node: v.node}
		}
	}
	if len(ids) == 1 {
		return rows
	}
	for i := range o.cells {
		of := whose[o.cells[i].node]
		if !o.ofRow(of, len(ids)) || len(of) > 1 && !several {
			continue
		}
		for _, id := range of {
			rows[id].of = append(rows[id].of, int32(i))
		}
	}
	return rows
}
