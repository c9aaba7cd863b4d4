//go:build !race

package identity

// underRace says that the race detector makes everything slow.
const underRace = false
