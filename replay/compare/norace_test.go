//go:build !race

package compare

// underRace says that the race detector makes everything slow.
const underRace = false
