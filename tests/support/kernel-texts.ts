/** Kernels written by hand, as text, for tests of everything that reads kernel IR. */

/** A product for workgroups of one: vectors of four columns, B packed as [N / 4][K] vectors. */
export const PACKED_PRODUCT = `kernel @packed_product(%a: read f32[4*K], %b: read f32x4[2*K], %out: write f32x4[8]) scalars(%K: call i32) workgroup(1, 1, 1) grid(ceil(2, 1), ceil(4, 1), 1) {
  %zero = const 0 : i32
  %one = const 1 : i32
  %two = const 2 : i32
  %none = const 0.0 : f32x4
  %panel = builtin workgroup_x : i32
  %row = builtin workgroup_y : i32
  %a_start = mul %row, %K : i32
  %b_start = mul %panel, %K : i32
  %total = for %k = %zero to %K step %one iter(%sum = %none) {
    %a_at = add %a_start, %k : i32
    %a_value = load %a[%a_at] : f32
    %a_lanes = vector %a_value : f32x4
    %b_at = add %b_start, %k : i32
    %b_lanes = load %b[%b_at] : f32x4
    %next = fma %a_lanes, %b_lanes, %sum : f32x4
    yield %next
  }
  %out_row = mul %row, %two : i32
  %out_at = add %out_row, %panel : i32
  store %out[%out_at], %total
}
`;

/** Both passes of a mean-free norm of rows: first the mean, then the sum of squared distances. */
export const TWO_PASS_REDUCTION = `kernel @two_pass(%x: read f32[10*T], %out: read_write f32[T]) scalars(%T: call i32) workgroup(4, 1, 1) grid(ceil(T, 1), 1, 1) {
  %zero = const 0 : i32
  %width = const 10 : i32
  %lanes = const 4 : i32
  %none = const 0.0 : f32
  %count = const 10.0 : f32
  %row = builtin workgroup_x : i32
  %lane = builtin local_x : i32
  %start = mul %row, %width : i32
  %own = for %c = %lane to %width step %lanes iter(%sum = %none) {
    %at = add %start, %c : i32
    %value = load %x[%at] : f32
    %more = add %sum, %value : f32
    yield %more
  }
  %total = workgroup_reduce add %own : f32
  %mean = div %total, %count : f32
  %own_square = for %c = %lane to %width step %lanes iter(%sum = %none) {
    %at = add %start, %c : i32
    %value = load %x[%at] : f32
    %distance = sub %value, %mean : f32
    %more = fma %distance, %distance, %sum : f32
    yield %more
  }
  %square = workgroup_reduce add %own_square : f32
  %first = eq %lane, %zero : bool
  if %first {
    store %out[%row], %square
  }
}
`;

/** One matrix instruction of 16 x 8 x 16 on 32 invocations; fragments lie one after the other. */
export const MATRIX_INSTRUCTION = `kernel @matrix(%a: read u32[128], %b: read u32[64], %out: write f32x4[32]) workgroup(32, 1, 1) grid(1, 1, 1) {
  %one = const 1 : i32
  %two = const 2 : i32
  %three = const 3 : i32
  %four = const 4 : i32
  %none = const 0.0 : f32x4
  %lane = builtin local_x : i32
  %at = mul %lane, %four : i32
  %at1 = add %at, %one : i32
  %at2 = add %at, %two : i32
  %at3 = add %at, %three : i32
  %a0 = load %a[%at] : u32
  %a1 = load %a[%at1] : u32
  %a2 = load %a[%at2] : u32
  %a3 = load %a[%at3] : u32
  %bt = mul %lane, %two : i32
  %bt1 = add %bt, %one : i32
  %b0 = load %b[%bt] : u32
  %b1 = load %b[%bt1] : u32
  %d = intrinsic mma_16x8x16(%a0, %a1, %a2, %a3, %b0, %b1, %none) : f32x4
  store %out[%lane], %d
}
`;

/** Reverses 8 elements through workgroup memory: wrong without its barrier. */
export const REVERSE = `kernel @reverse(%x: read f32[8], %out: read_write f32[8]) locals(%tile: workgroup f32[8]) workgroup(8, 1, 1) grid(1, 1, 1) {
  %seven = const 7 : i32
  %lane = builtin local_x : i32
  %other = sub %seven, %lane : i32
  %value = load %x[%lane] : f32
  store %tile[%lane], %value
  barrier
  %swapped = load %tile[%other] : f32
  store %out[%lane], %swapped
}
`;

/** y = f(x) for each element; the name of a unary operation replaces `{f}`. */
export const POINTWISE = `kernel @pointwise(%x: read f32[T], %y: read_write f32[T]) scalars(%T: call i32) workgroup(64, 1, 1) grid(ceil(T, 64), 1, 1) {
  %size = const 64 : i32
  %group = builtin workgroup_x : i32
  %lane = builtin local_x : i32
  %start = mul %group, %size : i32
  %i = add %start, %lane : i32
  %inside = lt %i, %T : bool
  if %inside {
    %value = load %x[%i] : f32
    %result = {f} %value : f32
    store %y[%i], %result
  }
}
`;

/** Fibonacci by exchange of carried values, halves as vectors, an unrolled loop into private memory. */
export const MIXED = `kernel @mixed(%h: read f16x4[2], %half: read f16[3], %out: read_write f32[4]) locals(%keep: private f32[4]) workgroup(1, 1, 1) grid(1, 1, 1) requires("f16") locs(loc("m.llm":2:3-2:9)) {
  %zero = const 0 : i32
  %one = const 1 : i32
  %two = const 2 : i32
  %four = const 4 : i32
  %a0 = const 0.0 : f32
  %b0 = const 1.0 : f32
  for %j = %zero to %four step %one unroll {
    store %keep[%j], %a0
  }
  %x, %y = for %i = %zero to %four step %one iter(%a = %a0, %b = %b0) {
    %c = add %a, %b : f32
    yield %b, %c
  }
  %v = load %h[%one] : f32x4
  %w = extract %v, 2 : f32
  %s = load %half[%two] : f32
  %k = load %keep[%one] : f32
  %big = gt %w, %s : bool
  %chosen = if %big {
    %q = mul %w, %s : f32
    yield %q
  } else {
    yield %k
  }
  store %out[%zero], %x
  store %out[%one], %y
  store %out[%two], %chosen
}
`;

/** Each invocation writes the reduction of its row: an operation replaces `{op}`, a workgroup's size `{lanes}`. */
export const REDUCTION = `kernel @reduction(%x: read f32[{lanes}*T], %y: read_write f32[{lanes}*T]) scalars(%T: call i32) workgroup({lanes}, 1, 1) grid(ceil(T, 1), 1, 1) {
  %width = const {lanes} : i32
  %row = builtin workgroup_x : i32
  %lane = builtin local_x : i32
  %start = mul %row, %width : i32
  %at = add %start, %lane : i32
  %value = load %x[%at] : f32
  %total = workgroup_reduce {op} %value : f32
  store %y[%at], %total
}
`;

/** A loop with a barrier whose bound is a reduced value: legal only while that is known to be uniform. */
export const STEADY_LOOP = `kernel @steady(%x: read i32[8], %y: read_write i32[8]) workgroup(8, 1, 1) grid(1, 1, 1) {
  %zero = const 0 : i32
  %one = const 1 : i32
  %lane = builtin local_x : i32
  %value = load %x[%lane] : i32
  %most = workgroup_reduce max %value : i32
  for %round = %zero to %most step %one {
    barrier
    store %y[%lane], %round
  }
}
`;

/** Halves one by one, as f32. */
export const ODD_HALVES = `kernel @odd_halves(%h: read f16[T], %y: read_write f32[T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %i = builtin workgroup_x : i32
  %value = load %h[%i] : f32
  store %y[%i], %value
}
`;

/** Neighbouring vectors of halves, one after the other. `{content}` is `f16` or `finite f16`. */
export const HALF_PAIRS = `kernel @half_pairs(%h: read {content}x4[2*T], %y: write f32x4[2*T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %one = const 1 : i32
  %two = const 2 : i32
  %i = builtin workgroup_x : i32
  %at = mul %i, %two : i32
  %next = add %at, %one : i32
  %first = load %h[%at] : f32x4
  %second = load %h[%next] : f32x4
  store %y[%at], %second
  store %y[%next], %first
}
`;

/** Four columns times a vector: weights in tiles that the loop walks through, sums of four vectors at the end. */
export const FOUR_COLUMNS = `kernel @four_columns(%w: read f32x4[4*K], %x: read f32x4[K], %y: write f32x4[1]) scalars(%K: call i32) workgroup(1, 1, 1) grid(1, 1, 1) {
  %zero = const 0 : i32
  %one = const 1 : i32
  %two = const 2 : i32
  %three = const 3 : i32
  %four = const 4 : i32
  %none = const 0.0 : f32
  %unit = const 1.0 : f32
  %nothing = vector %none : f32x4
  %ones = vector %unit : f32x4
  %a, %b, %c, %d = for %k = %zero to %K step %one iter(%a0 = %nothing, %b0 = %nothing, %c0 = %nothing, %d0 = %nothing) {
    %term = load %x[%k] : f32x4
    %tile = mul %k, %four : i32
    %wa = load %w[%tile] : f32x4
    %at_b = add %tile, %one : i32
    %wb = load %w[%at_b] : f32x4
    %at_c = add %tile, %two : i32
    %wc = load %w[%at_c] : f32x4
    %at_d = add %tile, %three : i32
    %wd = load %w[%at_d] : f32x4
    %a1 = fma %term, %wa, %a0 : f32x4
    %b1 = fma %term, %wb, %b0 : f32x4
    %c1 = fma %term, %wc, %c0 : f32x4
    %d1 = fma %term, %wd, %d0 : f32x4
    yield %a1, %b1, %c1, %d1
  }
  %sum_a = dot %a, %ones : f32
  %sum_b = dot %b, %ones : f32
  %sum_c = dot %c, %ones : f32
  %sum_d = dot %d, %ones : f32
  %sums = vector %sum_a, %sum_b, %sum_c, %sum_d : f32x4
  store %y[%zero], %sums
}
`;
