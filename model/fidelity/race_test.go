//go:build race

package fidelity

// underRace says that the race detector makes everything slow.
const underRace = true
