package classify

import (
	"math"
	"math/rand/v2"
	"testing"
)

func rows(shift float64) (list [][]float64, theirs []bool) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		their := i >= 1000
		x, y := r.NormFloat64(), r.NormFloat64()
		if their {
			y += shift
		}
		list, theirs = append(list, []float64{1, x, y, 3}), append(theirs, their)
	}
	return list, theirs
}

func TestWhatIsNotDifferentIsNotToldApart(t *testing.T) {
	auc, spread, _ := Apart(rows(0))
	if math.Abs(auc-0.5) > 3*spread {
		t.Errorf("area %.3f with a spread of %.3f, want 0.5", auc, spread)
	}
}

func TestAShiftByOneIsToldApartAsTheoryHasIt(t *testing.T) {
	auc, spread, most := Apart(rows(1))
	want := 0.5 * (1 + math.Erf(0.5)) // Φ(1/√2)
	if math.Abs(auc-want) > 3*spread {
		t.Errorf("area %.3f with a spread of %.3f, want %.3f", auc, spread, want)
	}
	if most != 2 {
		t.Errorf("told by column %d, want 2", most)
	}
}
