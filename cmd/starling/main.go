// Starling records real traffic, learns how its users behave, replays them at
// any multiple, and says with evidence whether a release got worse.
package main

import "github.com/starling-load/starling/cmd"

func main() { cmd.Main() }
