package outcome

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content"
)

// maxName is the length in bytes of a part of a name.
const maxName = 80

// nameGroups names the kinds of answers: by the commonest status, and by what else tells
// them apart.
func (l *learner) nameGroups() {
	taken := map[string]int{}
	for _, g := range l.groups {
		taken[g.status()]++
	}
	used := map[string]bool{}
	for _, g := range l.groups {
		name := g.status()
		if taken[name] > 1 {
			name = strings.Join(append([]string{name}, g.marks()...), " ")
		}
		g.name = name
		for n := 2; used[g.name]; n++ {
			g.name = fmt.Sprintf("%s (%d)", name, n)
		}
		used[g.name] = true
	}
}

// status returns the commonest status of g.
func (g *group) status() string {
	counts, best := map[int]int{}, 0
	for _, s := range g.of {
		if counts[s.status]++; counts[s.status] > counts[best] || counts[s.status] == counts[best] && s.status < best {
			best = s.status
		}
	}
	return strconv.Itoa(best)
}

// marks returns what tells g from others with its status.
func (g *group) marks() []string {
	s := g.of[0]
	var marks []string
	if s.redirect != "" {
		marks = append(marks, s.redirect)
	}
	for _, f := range s.features {
		if strings.HasPrefix(f, "error:") && strings.Contains(g.key, f) || f == content.LoginFeature || strings.HasPrefix(f, "grpc:") {
			marks = append(marks, strings.TrimPrefix(f, "grpc:"))
		}
	}
	if g.fact != nil {
		marks = append(marks, g.fact.Selector+"="+g.fact.Value)
	}
	for _, f := range g.extra {
		if slices.Contains(s.forms, f) {
			form, _, _ := strings.Cut(f, "[")
			marks = append(marks, "with "+form)
		}
	}
	if g.after != "" && len(g.extra) > 0 {
		marks = append(marks, "after "+g.after)
	}
	for i, m := range marks {
		if len(m) > maxName {
			marks[i] = strings.ToValidUTF8(m[:maxName], "")
		}
	}
	return marks
}
