"""Reserved words of each language, from its specification.

A word is reserved if no variable can have it as a name, which includes constants (``true``, ``null``); words that are
special in one context only (``record`` in Java, ``match`` in Python) are names elsewhere and are left out. The public
implementations of CodeBLEU have their own lists; the differences are below, for the compatible modes.
"""

from __future__ import annotations

_C = """auto break case char const continue default do double else enum extern float for goto if inline int long
register return short signed sizeof static struct switch typedef union unsigned void volatile while"""

_JAVASCRIPT = """await break case catch class const continue debugger default delete do else enum export extends false
finally for function if import in instanceof let new null return static super switch this throw true try typeof var void
while with yield implements interface package private protected public"""

_RESERVED = {
    # C11, 6.4.1 (the words that begin with an underscore included)
    "c": _C
    + " restrict _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local",
    # C++20, [lex.key] and the alternative tokens
    "cpp": _C
    + """ alignas alignof and and_eq asm bitand bitor bool catch char8_t char16_t char32_t class co_await co_return
    co_yield compl concept const_cast consteval constexpr constinit decltype delete dynamic_cast explicit export false
    friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast
    requires static_assert static_cast template this thread_local throw true try typeid typename using virtual wchar_t
    xor xor_eq""",
    # C# specification, 6.4.4 (contextual keywords left out)
    "c_sharp": """abstract as base bool break byte case catch char checked class const continue decimal default delegate
    do double else enum event explicit extern false finally fixed float for foreach goto if implicit in int interface
    internal is lock long namespace new null object operator out override params private protected public readonly ref
    return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong
    unchecked unsafe ushort using virtual void volatile while""",
    # The Go specification, Keywords
    "go": """break case chan const continue default defer else fallthrough for func go goto if import interface map
    package range return select struct switch type var""",
    # Java language specification 17, 3.9 (reserved keywords) and 3.10 (literals)
    "java": """_ abstract assert boolean break byte case catch char class const continue default do double else enum
    extends false final finally float for goto if implements import instanceof int interface long native new null
    package private protected public return short static strictfp super switch synchronized this throw throws
    transient true try void volatile while""",
    # ECMA-262, 12.7.2, with the words that strict mode reserves
    "javascript": _JAVASCRIPT,
    # TypeScript adds no reserved word: its own are contextual
    "typescript": _JAVASCRIPT,
    # The PHP manual, List of Keywords, and the constants of List of other reserved words
    "php": """__halt_compiler abstract and array as break callable case catch class clone const continue declare default
    die do echo else elseif empty enddeclare endfor endforeach endif endswitch endwhile eval exit extends false final
    finally fn for foreach function global goto if implements include include_once instanceof insteadof interface isset
    list match namespace new null or print private protected public readonly require require_once return static switch
    throw trait true try unset use var while xor yield""",
    # The Python language reference, 2.3.1
    "python": """False None True and as assert async await break class continue def del elif else except finally for
    from global if import in is lambda nonlocal not or pass raise return try while with yield""",
    # keywords.rdoc
    "ruby": """BEGIN END __ENCODING__ __FILE__ __LINE__ alias and begin break case class def defined? do else elsif end
    ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when
    while yield""",
    # The Rust reference, Keywords: strict and reserved
    "rust": """Self abstract as async await become box break const continue crate do dyn else enum extern false final fn
    for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait
    true try type typeof unsafe unsized use virtual where while yield""",
}

KEYWORDS = {language: frozenset(words.split()) for language, words in _RESERVED.items()}
"""Language -> its reserved words."""

# Language -> (words that codebleu 0.7.0 adds, words that it lacks)
_CODEBLEU_DIFFERS = {
    "c": (
        "_Packed",
        """_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local inline
        restrict""",
    ),
    "cpp": (
        "INT_MAX INT_MIN MAX_RAND NULL cin cout endl include iomanip iostream main npos std string",
        """alignas alignof char16_t char32_t char8_t co_await co_return co_yield concept consteval constexpr constinit
        decltype export noexcept nullptr requires static_assert thread_local""",
    ),
    "c_sharp": (
        """add alias ascending async await by descending dynamic equals from get global group into join let nameof
        notnull on orderby partial remove select set unmanaged value var when where yield""",
        "",
    ),
    "go": ("false true", ""),
    "java": ("", "_ false null true"),
    "javascript": ("True", "true"),
    "php": ("", "false finally fn match null readonly true yield"),
    "python": ("case match type", ""),
    "ruby": ("", ""),
    "rust": (
        """block bool char default expr f32 f64 i128 i16 i32 i64 i8 ident isize item lifetime literal macro_rules! meta
        pat path stmt str tt ty u128 u16 u32 u64 u8 union usize vis""",
        "Self abstract become box do final gen macro override priv try typeof unsized virtual",
    ),
}


def compat_keywords(language: str, compat: str | None) -> frozenset[str]:
    """Return the words that a public implementation weighs as keywords; CodeXGLUE has no soft keywords of Python.

    >>> "true" in compat_keywords("java", "codebleu-0.7"), "true" in KEYWORDS["java"]
    (False, True)
    """
    if (language, compat) == ("python", "codexglue"):
        return KEYWORDS[language]
    added, lacking = _CODEBLEU_DIFFERS[language]
    return (KEYWORDS[language] | frozenset(added.split())) - frozenset(lacking.split())
