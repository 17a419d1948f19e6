"""The best-known types of .NET by namespace, as ``using namespace;`` imports them, and the keyword types of C#."""

from __future__ import annotations

DOTNET_NAMESPACES: dict[str, frozenset[str]] = {
    namespace: frozenset(names.split())
    for namespace, names in {
        "System": """
            Action Activator AggregateException AppDomain ApplicationException ArgumentException ArgumentNullException
            ArgumentOutOfRangeException Array ArraySegment Attribute BitConverter Boolean Buffer Byte Char Console
            Convert DateTime DateTimeOffset DayOfWeek Decimal Delegate DivideByZeroException Double Enum Environment
            EventArgs EventHandler Exception FormatException Func GC Guid IComparable IDisposable IFormatProvider
            IndexOutOfRangeException Int16 Int32 Int64 IntPtr InvalidCastException InvalidOperationException Lazy Math
            Memory NotImplementedException NotSupportedException NullReferenceException Nullable Object
            ObjectDisposedException OperatingSystem OutOfMemoryException OverflowException Predicate Random
            ReadOnlySpan SByte Single Span String StringComparer StringComparison TimeSpan TimeZoneInfo
            TimeoutException Tuple Type UInt16 UInt32 UInt64 Uri UriBuilder ValueTuple Version WeakReference
            """,
        "System.Collections": "ArrayList BitArray Hashtable ICollection IDictionary IEnumerable IEnumerator IList",
        "System.Collections.Concurrent": "BlockingCollection ConcurrentBag ConcurrentDictionary ConcurrentQueue",
        "System.Collections.Generic": """
            Comparer Dictionary EqualityComparer HashSet ICollection IComparer IDictionary IEnumerable IEnumerator
            IEqualityComparer IList IReadOnlyCollection IReadOnlyDictionary IReadOnlyList ISet KeyNotFoundException
            KeyValuePair LinkedList List Queue SortedDictionary SortedList SortedSet Stack
            """,
        "System.Diagnostics": "Debug Debugger Process ProcessStartInfo StackFrame StackTrace Stopwatch Trace",
        "System.Globalization": "Calendar CultureInfo DateTimeStyles NumberFormatInfo NumberStyles",
        "System.IO": """
            BinaryReader BinaryWriter Directory DirectoryInfo EndOfStreamException File FileAccess FileInfo FileMode
            FileNotFoundException FileShare FileStream IOException MemoryStream Path SeekOrigin Stream StreamReader
            StreamWriter StringReader StringWriter TextReader TextWriter
            """,
        "System.Linq": "Enumerable IGrouping ILookup IOrderedEnumerable IQueryable Lookup Queryable",
        "System.Net.Http": "HttpClient HttpClientHandler HttpContent HttpMethod HttpRequestMessage HttpResponseMessage",
        "System.Reflection": "Assembly BindingFlags FieldInfo MemberInfo MethodInfo PropertyInfo",
        "System.Text": "Encoder Decoder Encoding StringBuilder",
        "System.Text.RegularExpressions": "Capture Group Match MatchCollection Regex RegexOptions",
        "System.Threading": """
            AutoResetEvent CancellationToken CancellationTokenSource Interlocked ManualResetEvent Monitor Mutex
            ReaderWriterLockSlim Semaphore SemaphoreSlim Thread ThreadPool Timer Volatile
            """,
        "System.Threading.Tasks": "Parallel Task TaskCompletionSource TaskFactory TaskScheduler ValueTask",
    }.items()
}
"""Types of .NET by namespace, for ``using namespace;``."""

C_SHARP_KEYWORD_TYPES = {
    "bool": "System.Boolean",
    "byte": "System.Byte",
    "char": "System.Char",
    "decimal": "System.Decimal",
    "double": "System.Double",
    "float": "System.Single",
    "int": "System.Int32",
    "long": "System.Int64",
    "object": "System.Object",
    "sbyte": "System.SByte",
    "short": "System.Int16",
    "string": "System.String",
    "uint": "System.UInt32",
    "ulong": "System.UInt64",
    "ushort": "System.UInt16",
}
