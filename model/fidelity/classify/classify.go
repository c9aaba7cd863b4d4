package classify

import (
	"cmp"
	"math"
	"slices"
)

const (
	folds  = 5
	rounds = 12 // of Newton's method
	ridge  = 1.0
)

// Apart returns how well a model tells the rows that are theirs from the others: the area
// under its curve (ROC) on rows that it was not fitted to. 0.5 is not at all, 1 is
// always. spread is the standard deviation that chance gives it. most is the column that
// alone tells most: by the difference of its means in standard deviations; 0 is none. The
// first column of all rows is 1. There are rows of both kinds. The rows are overwritten.
func Apart(rows [][]float64, theirs []bool) (auc, spread float64, most int) {
	standardize(rows)
	scores := make([]float64, len(rows))
	for fold := range folds {
		weights := fit(rows, theirs, func(i int) bool { return i%folds != fold })
		for i := fold; i < len(rows); i += folds {
			scores[i] = dot(weights, rows[i])
		}
	}
	n, m := 0.0, 0.0
	for _, their := range theirs {
		if their {
			m++
		} else {
			n++
		}
	}
	return areaUnder(scores, theirs, n, m), math.Sqrt((n + m + 1) / (12 * n * m)), telling(rows, theirs, n, m)
}

// telling is the column whose means differ most. There are n rows of ours and m of theirs.
func telling(rows [][]float64, theirs []bool, n, m float64) int {
	best, most := 0, 0.0
	for c := 1; c < len(rows[0]); c++ {
		d := 0.0
		for i, r := range rows {
			if theirs[i] {
				d += r[c] / m
			} else {
				d -= r[c] / n
			}
		}
		if math.Abs(d) > most {
			best, most = c, math.Abs(d)
		}
	}
	return best
}

// standardize gives all columns but the first mean 0 and standard deviation 1.
func standardize(rows [][]float64) {
	for c := 1; c < len(rows[0]); c++ {
		n, mean, square := float64(len(rows)), 0.0, 0.0
		for _, r := range rows {
			mean += r[c] / n
		}
		for _, r := range rows {
			square += (r[c] - mean) * (r[c] - mean) / n
		}
		for _, r := range rows {
			r[c] -= mean
			if square > 0 {
				r[c] /= math.Sqrt(square)
			}
		}
	}
}

// fit fits a logistic model with a ridge to the rows that are in, by Newton's method.
func fit(rows [][]float64, theirs []bool, in func(int) bool) []float64 {
	n := len(rows[0])
	w := make([]float64, n)
	for range rounds {
		gradient, hessian := make([]float64, n), make([][]float64, n)
		for i := range hessian {
			hessian[i] = make([]float64, n)
			hessian[i][i] = ridge
			gradient[i] = -ridge * w[i]
		}
		for i, x := range rows {
			if !in(i) {
				continue
			}
			p := 1 / (1 + math.Exp(-dot(w, x)))
			e, weight := -p, p*(1-p)
			if theirs[i] {
				e++
			}
			for a := range n {
				gradient[a] += e * x[a]
				for b := range a + 1 {
					hessian[a][b] += weight * x[a] * x[b]
				}
			}
		}
		for a, step := range solve(hessian, gradient) {
			w[a] += step
		}
	}
	return w
}

// solve solves a·x = b for a symmetric positive definite a, of which only the lower half
// is read, by Cholesky's method. Both are overwritten.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		for j := range i + 1 {
			for k := range j {
				a[i][j] -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(max(a[i][i], 1e-12))
			} else {
				a[i][j] /= a[j][j]
			}
		}
	}
	for i := range n {
		for k := range i {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[k][i] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}

func dot(a, b []float64) float64 {
	d := 0.0
	for i := range a {
		d += a[i] * b[i]
	}
	return d
}

// areaUnder is the share of pairs of a row of ours and one of theirs in which theirs has
// the greater score; equal ones count half.
func areaUnder(scores []float64, theirs []bool, n, m float64) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	ranks := 0.0
	for i := 0; i < len(order); {
		k := i
		for k < len(order) && scores[order[k]] == scores[order[i]] {
			k++
		}
		for _, at := range order[i:k] {
			if theirs[at] {
				ranks += float64(i+k+1) / 2
			}
		}
		i = k
	}
	return (ranks - m*(m+1)/2) / (n * m)
}
