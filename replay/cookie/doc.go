// Package cookie keeps the cookies of one replayed session by the rules of
// browsers (RFC 6265bis): domain and path, Secure, SameSite, the prefixes of names,
// expiry.
//
//	jar := cookie.NewJar(places)
//	jar.Keep(&places[0], "/login", response)
//	line := jar.Line(&places[1], &request, recorded)
//
// The target of a replay stands for the recorded place, so each [Place] has two
// names. A cookie goes where the user of the recording would have sent it. A Domain
// attribute may use either name.
//
// The package sends nothing. The memory of a [Jar] is bounded, whatever the target
// sets.
package cookie
