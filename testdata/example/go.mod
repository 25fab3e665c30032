module example.com/shop

go 1.26.0

require (
	pgregory.net/rapid v1.3.0
	stockproof v0.0.0
)

require (
	github.com/anishathalye/porcupine v1.3.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
)

replace stockproof => ../..
