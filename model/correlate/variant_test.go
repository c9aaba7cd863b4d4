package correlate

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model"
)

// called is what labels promise, said in the plainest way: it looks at every hole before.
func called(h *hole, before []*hole) bool {
	base := holeName(h.value.Name)
	h.value.Name = base
	for k := 2; ; k++ {
		at := slices.IndexFunc(before, func(o *hole) bool { return o.value.Name == h.value.Name })
		if at < 0 {
			return true
		}
		if old := before[at]; old.value == h.value && (old.value.Kind != model.Fresh || old.value.Own) && slices.Equal(old.takes, h.takes) && slices.Equal(old.own, h.own) {
			return false
		}
		h.value.Name = base + "_" + strconv.Itoa(k)
	}
}

func TestHolesHaveTheFirstNameThatIsFreeOrThatOfOneLikeThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []*hole
		given := newLabels()
		for i := range rapid.IntRange(1, 40).Draw(t, "holes") {
			value := model.Value{
				Name: rapid.SampledFrom([]string{"a", "a_2", "a_3", "a_02", "b", "b_2_2", "b_2"}).Draw(t, "name"),
				Kind: rapid.SampledFrom([]model.ValueKind{model.Row, model.Fresh}).Draw(t, "kind"),
				Own:  rapid.Bool().Draw(t, "own"),
			}
			own := []string{rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content")}
			a, b := &hole{value: value, own: own}, &hole{value: value, own: own}
			isNew := called(b, want)
			if is := given.name(a); is != isNew || a.value.Name != b.value.Name {
				t.Fatalf("hole %d is %s, new %v, want %s, new %v", i, a.value.Name, is, b.value.Name, isNew)
			}
			if isNew {
				want = append(want, b)
			}
		}
	})
}

// Each hole is compared with those that have its content, so that a document of many members
// of one name costs as much as its members.
func TestManyHolesOfOneNameAreComparedWithFew(t *testing.T) {
	given := newLabels()
	for i := range 20_000 {
		given.name(&hole{value: model.Value{Name: "id", Kind: model.Row}, own: []string{fmt.Sprint(i)}})
	}
	for _, alike := range given.alike {
		if len(alike) > 2 {
			t.Fatalf("%d holes are compared with each other, want at most 2", len(alike))
		}
	}
}
