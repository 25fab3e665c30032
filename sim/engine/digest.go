package engine

// The digest of a run is FNV-1a over 64-bit words: who ran, to which point, and when.
const (
	digestSeed  = 14695981039346656037
	digestPrime = 1099511628211
)

func fold(h, v uint64) uint64 { return (h ^ v) * digestPrime }

func foldString(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * digestPrime
	}
	return h
}

func (e *Engine) mix(a *Actor) {
	p := &a.point
	h := fold(e.digest, uint64(a.id)<<8|uint64(p.Phase))
	h = foldString(h, p.Call.Op)
	h = foldString(h, p.Call.Key)
	e.digest = fold(h, uint64(e.now))
}

// scramble turns a number into one that looks random (the finalizer of splitmix64,
// https://prng.di.unimi.it/splitmix64.c).
func scramble(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
