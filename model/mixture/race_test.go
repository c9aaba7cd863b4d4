//go:build race

package mixture

// underRace says that the race detector makes everything slow.
const underRace = true
