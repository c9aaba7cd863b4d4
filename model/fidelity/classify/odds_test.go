package classify

import "testing"

func TestTheLikeliestTypeHasSuchPartsAndIsFrequent(t *testing.T) {
	o := NewOdds(2, 4)
	for range 9 {
		o.Learn(0, []int32{0, 1, 1})
	}
	o.Learn(1, []int32{0, 2, 2})
	likeliest := o.Likeliest()
	for _, tt := range []struct {
		name  string
		parts []int32
		want  int32
	}{
		{"parts of the first", []int32{1, 1}, 0},
		{"parts of the second", []int32{2, 2}, 1},
		{"what both have is of the frequent one", []int32{0}, 0},
		{"nothing is of the frequent one", nil, 0},
		{"one part that only the second has", []int32{0, 2}, 1},
	} {
		if got := likeliest(tt.parts); got != tt.want {
			t.Errorf("%s: %v is of type %d, want %d", tt.name, tt.parts, got, tt.want)
		}
	}
}
