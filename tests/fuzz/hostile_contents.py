"""Contents: JSON of every kind of wrong, and forms."""

import json

from hostile_cases import (
    CREATE_MEMBERS, EITHER, MALFORMED, MAX_BODY, Answer, Case, answer, bearer, chunked, cookie, create_case, document,
    encode_json, family, identity, json_case, judge_patch, mutate, parse_strictly, request, words,
)

BROKEN_JSON = [
    b"", b" ", b"\n", b"{", b"}", b"[", b"]", b'"', b"{]", b"[}", b"{}{}", b"{} {}", b"[1,]", b"[,1]", b"[1,,2]",
    b"[1 2]", b'{"body"}', b'{"body":}', b'{"body":"x",}', b'{,"body":"x"}', b'{"body":"x"', b'{"body":"x"}}',
    b'{"body":"x"]', b'{body:"x"}', b"{'body':'x'}", b"{\"body\":'x'}", b'{"body":"x"};', b'{"body":"x"}//',
    b'{"body":"x"}/**/', b'/*c*/{"body":"x"}', b'{"body":x}', b'{"body":undefined}', b'{"body":NULL}', b'{"body":True}',
    b'{"body":nul}', b'{"body":"x","expires_in":NaN}', b'{"body":"x","expires_in":Infinity}',
    b'{"body":"x","expires_in":-Infinity}', b'{"body":"x","expires_in":01}', b'{"body":"x","expires_in":+1}',
    b'{"body":"x","expires_in":1.}', b'{"body":"x","expires_in":.5}', b'{"body":"x","expires_in":1e}',
    b'{"body":"x","expires_in":1e+}', b'{"body":"x","expires_in":0x10}', b'{"body":"x","expires_in":-}',
    b'{"body":"x","expires_in":--1}', b'{"body":"x","expires_in":1_000}', b'{"body":"x","expires_in":1,000}',
    b'{"body":"x","expires_in":0b1}', b'{"body":"\\x41"}', b'{"body":"\\u12"}', b'{"body":"\\u"}',
    b'{"body":"\\uZZZZ"}', b'{"body":"\\"}', b'{"body":"\\', b'{"body":"\\\'"}', b'{"body":"\\a"}', b'{"body":"\\0"}',
    b'{"body":"tab\there"}', b'{"body":"new\nline"}', b'{"body":"cr\rhere"}', b'{"body":"nul\0here"}',
    b'{"body":"x"\0}', b'\0{"body":"x"}', b'{"body":"x"}\0', b'{"body":"\x1f"}', b'\xef\xbb\xbf{"body":"x"}',
    b'\xff\xfe{\0"\0', b'{"body" "x"}', b'{"body"::"x"}', b'{"body":"x" "title":"y"}', b'{1:"x"}', b'{null:"x"}',
    b'{"body":"x"\x0b}', b'{"body":"x"\x0c}', b'\xa0{"body":"x"}', b'{"body":"x"\xc2\xa0}', b"body=x",
    b"body=x&title=y", b"<body>x</body>", b"%7B%22body%22%3A%22x%22%7D", b"---\nbody: x\n",
    b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"\x28\xb5\x2f\xfd", b"\x80\x04\x95", b"PK\x03\x04", b')]}\',\n{"body":"x"}',
    b"callback({})", b'{"body":"x"}\n{"body":"y"}', b"\x1e" + b'{"body":"x"}', b'{"body":"x"' * 200, b'{"body":' * 5000,
    b"[" * 30000, b'[{"a":' * 8000, b'"' * 999, b"\\" * 1000, b"{" * 50000, b"-" * 1000, b"tru", b"fals", b"nan", b"#",
    b"@", b"\x7f",
]

NOT_OBJECTS = [
    b"null", b"true", b"false", b"0", b"-0", b"1e5", b'""', b'"body"', b"[]", b"[{}]", b'[{"body":"x"}]', b"[[]]",
    b"12.5",
]

BAD_UTF8 = [
    b"\xff", b"\xfe", b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3\x28", b"\xe0\x80\x80",
    b"\xe0\x9f\xbf", b"\xe2\x82", b"\xe2\x28\xa1", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
    b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xc0\xae\xc0\xae\xc0\xaf",
]


@family(14)
def mutated_json(t, r):
    return create_case(t, r, "mutated JSON", mutate(r, encode_json(r, document(r)), r.randint(1, 4)))


@family(10)
def broken_json(t, r):
    data = r.choice(BROKEN_JSON)
    if parse_strictly(data) is not MALFORMED:
        raise AssertionError(f"not broken: {data[:80]!r}")
    return create_case(t, r, "broken JSON", data, {400})


@family(5)
def truncated_json(t, r):
    data = encode_json(r, document(r))
    return create_case(t, r, "truncated JSON", data[: r.randrange(len(data))], {400})


@family(2)
def no_object(t, r):
    return create_case(t, r, "JSON that is no object", r.choice(NOT_OBJECTS), {400, 422})


@family(6)
def invalid_utf8(t, r):
    bad = r.choice(BAD_UTF8)
    member = r.choice(["body", "title", "language", "tags", "name"])
    text = b"before " + bad + r.choice([b"", b" after"])
    if member == "tags":
        data = b'{"body":"x","tags":["' + bad + b'"]}'
    elif member == "name":
        data = b'{"body":"x","' + text + b'":1}'
    elif member == "body":
        data = b'{"body":"' + text + b'"}'
    else:
        data = b'{"body":"x","' + member.encode() + b'":"' + text + b'"}'
    return create_case(t, r, "invalid UTF-8", data, {400, 422})


@family(5)
def control_characters(t, r):
    code = r.choice([0, 0, 1, 8, 9, 10, 13, 27, 31, 127])
    escaped = "\\u%04x" % code
    member = r.choice(["title", "tags", "visibility", "body"])
    if member == "body":
        data, statuses = '{"body":"a\\u0000b"}', {422}
    elif member == "tags":
        data, statuses = '{"body":"x","tags":["a%sb"]}' % escaped, {422}
    else:
        data, statuses = '{"body":"x","%s":"a%sb"}' % (member, escaped), {422}
    return create_case(t, r, "control characters", data.encode(), statuses, fields=(member,))


@family(3)
def header_injection_by_title(t, r):
    title = r.choice(
        ["a\r\nX-Injected: yes", "a\nX-Injected: yes", "\r\n\r\n<html>", "a.txt\r\nSet-Cookie: session=injected"]
    )
    data = json.dumps({"body": "x", "title": title}).encode()
    return create_case(t, r, "CRLF in a title", data, {422}, fields=("title",))


@family(4)
def deep_nesting(t, r):
    depth = r.choice([33, 64, 100, 1000, 5000, 20000])
    kind = r.randrange(5)
    if kind == 0:
        data, statuses = b"[" * depth + b"]" * depth, {400, 422}
    elif kind == 1:
        data, statuses = b'{"a":' * (depth // 2) + b"1" + b"}" * (depth // 2), {400, 422}
    elif kind == 2:
        data, statuses = b'{"body":' + b"[" * depth + b"]" * depth + b"}", {400, 422}
    elif kind == 3:
        data, statuses = b'{"body":"x","tags":' + b"[" * depth + b"]" * depth + b"}", {400, 422}
    else:
        data, statuses = b'{"body":"x","tags":' + b"[" * depth, {400}
    return create_case(t, r, "deep nesting", data, statuses)


@family(3)
def duplicate_members(t, r):
    member, first, second = r.choice(
        [
            ("body", '"a"', '"b"'), ("body", '"a"', "1"), ("title", '"a"', "null"),
            ("visibility", '"public"', '"private"'), ("expires_in", "60", "61"), ("body", '"a"', '"a"'),
        ]
    )
    again = member if r.random() < 0.7 else "".join(f"\\u{ord(c):04x}" for c in member)
    data = f'{{"{member}":{first},"{again}":{second}' + ("" if member == "body" else ',"body":"x"') + "}"
    return create_case(t, r, "duplicate members", data.encode(), {201, 400, 401, 403, 422})


@family(5)
def odd_numbers(t, r):
    number = r.choice(
        [
            "0", "-0", "-1", "0.0", "0.5", "1.5", "1e-5", "1e400", "-1e400", "1e99999999999", "9" * 30, "-" + "9" * 30,
            "9" * 5000, "0." + "1" * 5000, "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "-9223372036854775809", "18446744073709551615", "18446744073709551616", "2147483648", "4294967296",
            "253402300800", "1E308", "4.9e-324", "1e18", "1e19", "-1e19", "1" + "0" * 300, "9223372036854775806",
        ]
    )
    value = float(number) if len(number) < 4000 else float("inf")
    right = {400, 422}
    if value >= 1 and value == int(min(value, 1e300)):
        right = {201, 400, 422}
    member = r.choice(["expires_in"] * 4 + ["body", "title", "tags", "burn_after_reading", "is_public"])
    if member != "expires_in":
        right = {400, 422}
    rest = "" if member == "body" else '"body":"x",'
    return create_case(t, r, "odd numbers", f'{{{rest}"{member}":{number}}}'.encode(), right)


@family(4)
def lone_surrogates(t, r):
    escape = r.choice(
        [
            "\\ud800", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800", "\\ud800x", "\\ud83d\\u0041", "\\uDBFF",
            "\\ud800\\n",
        ]
    )
    member = r.choice(["body", "title", "language", "tag", "name"])
    data = {
        "body": f'{{"body":"a{escape}"}}',
        "title": f'{{"body":"x","title":"{escape}"}}',
        "language": f'{{"body":"x","language":"{escape}"}}',
        "tag": f'{{"body":"x","tags":["{escape}"]}}',
        "name": f'{{"body":"x","{escape}":1}}',
    }[member]
    return create_case(t, r, "lone surrogates", data.encode(), {400, 422})


@family(6)
def wrong_types(t, r):
    value = document(r)
    member = r.choice(sorted(CREATE_MEMBERS))
    value[member] = r.choice(
        [
            None, True, False, 0, 1, -5, 1.5, "", "x", "true", "1", [], [1], [None], ["a", 1], [[]], {}, {"body": "x"},
            ["a"] * 11, ["a" * 33], [""], "public", "Public", "PRIVATE", "x" * 201, ["é" * 32], ["é" * 33],
        ]
    )
    return create_case(t, r, "wrong types", encode_json(r, value))


@family(4)
def unknown_members(t, r):
    name = r.choice(
        [
            "Body", "BODY", "bodyy", "id", "owner", "version", "view_count", "edit_token", "__proto__", "constructor",
            "", " ", "body ", "$where", "a" * 300, "öffentlich", "\r\nX-Injected: yes", "<script>", "isPublic",
            "expires_at",
        ]
    )
    value = {"body": "x", name: r.choice([1, "x", None, [], {}])}
    return create_case(t, r, "unknown members", encode_json(r, value), {422}, fields=(name,))


@family(3)
def sizes_at_the_edge(t, r):
    kind = r.randrange(8)
    if kind == 0:
        length = MAX_BODY + r.choice([-1, 0, 1, 2, 1000])
        return create_case(
            t, r, "sizes", json.dumps({"body": "a" * length}).encode(), {413} if length > MAX_BODY else {201}
        )
    if kind == 1:
        count = MAX_BODY // 2 + r.choice([0, 1])
        data = json.dumps({"body": "é" * count}, ensure_ascii=False).encode()
        return create_case(t, r, "sizes", data, {413} if count * 2 > MAX_BODY else {201})
    if kind == 2:
        length = 200 + r.choice([0, 1])
        data = encode_json(r, {"body": "x", "title": "😀" * length})
        return create_case(t, r, "sizes", data, {422} if length > 200 else {201})
    if kind == 3:
        data = encode_json(r, {"body": "x", "tags": [f"t{n}" for n in range(10 + r.choice([0, 1]))]})
        return create_case(t, r, "sizes", data)
    if kind == 4:
        data = encode_json(r, {f"m{n}": n for n in range(5000)})
        return create_case(t, r, "sizes", data, {413, 422})
    if kind == 5:
        return create_case(t, r, "sizes", encode_json(r, {"k" * 50000: 1, "body": "x"}), {413, 422})
    if kind == 6:
        return create_case(t, r, "sizes", b" " * 50000 + b'{"body":"x"}', {201, 413})
    return create_case(t, r, "sizes", b'{"body":"x","title":"' + b"\\u0041" * 9000 + b'"}', {422})


@family(2)
def far_too_large(t, r):
    length = r.choice([500_000, 800_000, 1_500_000])
    data = json.dumps({"body": "a" * length}).encode()
    head = [*identity(t, r)]
    right = (answer(413, method="POST", may_close=True),)
    if r.random() < 0.5:
        return Case("far too large", request(t, "POST", "/snippets", head, data), right, EITHER)
    start = request(t, "POST", "/snippets", [*head, ("Transfer-Encoding", "chunked")])
    return Case("far too large", start + chunked(r, data), right, EITHER)


@family(2)
def other_encodings(t, r):
    text = '{"body":"x"}'
    data = r.choice(
        [
            text.encode("utf-16"), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32"),
            text.encode("utf-32-le"), text.encode("utf-7") + b"+", '{"body":"é"}'.encode("latin-1"),
        ]
    )
    return create_case(t, r, "other encodings", data, {400})


@family(6)
def mutated_patch(t, r):
    value = {}
    if r.random() < 0.7:
        value["body"] = words(r, 5)
    if r.random() < 0.5:
        value["title"] = words(r, 2)
    if r.random() < 0.3:
        value["tags"] = ["a", "b"]
    if r.random() < 0.2:
        value[r.choice(["burn_after_reading", "nonsense", "id", "version"])] = True
    data = encode_json(r, value)
    if r.random() < 0.7:
        data = mutate(r, data, r.randint(1, 3))
    statuses = judge_patch(data)
    right = Answer(frozenset(statuses), method="PATCH")
    return json_case(
        t, r, "mutated PATCH", "PATCH", f"/snippets/{t.edited_id}", [r.choice([cookie(t), bearer(t)])], data, right
    )


@family(4)
def bad_account_requests(t, r):
    path = r.choice(["/auth/signup", "/auth/login"])
    # Never a password of a valid length: a valid sign-up costs an Argon2 hash.
    data, statuses = r.choice(
        [
            (b'{"username":"ab","password":1}', {422}), (b'{"username":"ab","password":null}', {422}),
            (b'{"username":"ab"}', {422}), (b'{"password":"12345678"}', {422}), (b"{}", {422}), (b"[]", {400, 422}),
            (b'{"username":"ab","password":"', {400}), (b'{"username":["ab"],"password":"short"}', {422}),
            (b'{"username":"a\\u0000b","password":"short"}', {422}),
            (b'{"username":"a\\r\\nX-Injected: yes","password":"short"}', {422}),
            (b'{"username":"../../x","password":"short"}', {422}),
            (b'{"username":"\\ud800","password":"short"}', {400, 422}),
            (b'{"username":"a\xff","password":"short"}', {400, 422}),
            (json.dumps({"username": "a" * 5000, "password": "short"}).encode(), {422}),
            (json.dumps({"username": "ab", "password": "p" * 50000}).encode(), {413, 422}),
            (b'{"username":"ab","password":"short","admin":true}', {422}), (b'{"username":{},"password":{}}', {422}),
        ]
    )
    if path == "/auth/login" and statuses == {422}:
        statuses = {401, 422}  # a login may answer to any wrong pair alike
    if path == "/auth/login" and statuses == {413, 422}:
        statuses = {401, 413, 422}
    right = Answer(frozenset(statuses), method="POST")
    return json_case(t, r, "bad account requests", "POST", path, [], data, right)


@family(2)
def bad_token_requests(t, r):
    data, statuses = r.choice(
        [
            (b'{"name":1}', {422}), (b"{}", {422}), (b"[]", {400, 422}), (b'{"name":"a\\u0000"}', {422}), (b"{", {400}),
            (b'{"name":"a","expires_in":-1}', {422}), (b'{"name":"a","expires_in":"1"}', {422}),
            (b'{"name":"a","scope":"all"}', {422}), (b'{"name":"a","expires_in":0}', {422}),
            (b'{"name":"\xff"}', {400, 422}), (b'{"name":["a"]}', {422}),
        ]
    )
    right = Answer(frozenset(statuses), method="POST")
    return json_case(t, r, "bad token requests", "POST", "/auth/tokens", [cookie(t)], data, right)


@family(2)
def bad_fork_requests(t, r):
    data, statuses = r.choice(
        [
            (b"{", {400}), (b"[]", {400, 422}), (b'{"body":"x"}', {422}), (b"\xff", {400}), (b"null", {400, 422}),
            (b"x" * 1000, {400}),
        ]
    )
    right = Answer(frozenset(statuses), method="POST")
    return json_case(t, r, "bad fork requests", "POST", f"/snippets/{t.public_id}/fork", [cookie(t)], data, right)


@family(3)
def malformed_multipart(t, r):
    part = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n'
    content_type, data, statuses = r.choice(
        [
            ("multipart/form-data", part + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=", part + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=" + "b" * 500, part, {400, 415, 422}),
            ("multipart/form-data; boundary=B", part, {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"", {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", part[: r.randrange(len(part))], {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"--B\r\n\r\n\r\n--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"--B\r\n" * 5000 + b"--B--\r\n", {400, 413, 415, 422}),
            ("multipart/form-data; boundary=C", part + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"\xff" * 1000, {400, 415, 422}),
            ("multipart/form-data; boundary=B", part.replace(b"x\r\n", b"\xff\r\n") + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", part.replace(b"x\r\n", b"a\0b\r\n") + b"--B--\r\n", {400, 415, 422}),
            (
                "multipart/form-data; boundary=B",
                part.replace(b"a.txt", b"a\rX-Injected: 1") + b"--B--\r\n",
                {201, 400, 415, 422},
            ),
            (
                "multipart/form-data; boundary=B",
                part.replace(b"a.txt", b"../../etc/x") + b"--B--\r\n",
                {201, 400, 415, 422},
            ),
            ("multipart/form-data; boundary=B", part.replace(b"\r\n", b"\n") + b"--B--\n", {201, 400, 415, 422}),
            ("multipart/form-data; boundary=B", mutate(r, part + b"--B--\r\n", 4), {201, 400, 415, 422}),
        ]
    )
    headers = [*identity(t, r), ("Content-Type", content_type)]
    return Case(
        "malformed multipart", request(t, "POST", "/snippets", headers, data), (answer(*statuses, method="POST"),)
    )
