package live_test

import (
	"context"
	"testing"

	"stockproof/adapters/contract"
	"stockproof/inventory/port"
)

func TestRuntimeContract(t *testing.T) {
	contract.Runtime(t, func(t *testing.T, body func(ctx context.Context, rt port.Runtime)) {
		bubble(t, func(_ *testing.T, ctx context.Context, rt port.Runtime) { body(ctx, rt) })
	})
}
