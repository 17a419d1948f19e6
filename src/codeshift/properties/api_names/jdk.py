"""The best-known classes of the JDK, as ``import package.*`` imports them, and ``java.lang`` without import."""

from __future__ import annotations

JAVA_PACKAGES: dict[str, frozenset[str]] = {
    package: frozenset(names.split())
    for package, names in {
        "java.lang": """
            Appendable AutoCloseable CharSequence Cloneable Comparable Iterable Readable Runnable Boolean Byte Character
            Class ClassLoader Double Enum Float InheritableThreadLocal Integer Long Math Number Object Package Process
            ProcessBuilder Record Runtime Short StackTraceElement StrictMath String StringBuffer StringBuilder System
            Thread ThreadGroup ThreadLocal Throwable Void ArithmeticException ArrayIndexOutOfBoundsException
            ArrayStoreException ClassCastException ClassNotFoundException CloneNotSupportedException Exception
            IllegalAccessException IllegalArgumentException IllegalMonitorStateException IllegalStateException
            IndexOutOfBoundsException InstantiationException InterruptedException NegativeArraySizeException
            NoSuchFieldException NoSuchMethodException NullPointerException NumberFormatException
            ReflectiveOperationException RuntimeException SecurityException StringIndexOutOfBoundsException
            UnsupportedOperationException AssertionError Error ExceptionInInitializerError LinkageError
            NoClassDefFoundError OutOfMemoryError StackOverflowError VirtualMachineError
            """,
        "java.util": """
            ArrayDeque ArrayList Arrays Base64 BitSet Calendar Collection Collections Comparator
            ConcurrentModificationException Currency Date Deque Dictionary EnumMap EnumSet Enumeration EventListener
            EventObject Formatter GregorianCalendar HashMap HashSet Hashtable IdentityHashMap InputMismatchException
            Iterator LinkedHashMap LinkedHashSet LinkedList List ListIterator Locale Map MissingResourceException
            NavigableMap NavigableSet NoSuchElementException Objects Optional OptionalDouble OptionalInt OptionalLong
            PriorityQueue Properties Queue Random RandomAccess ResourceBundle Scanner ServiceLoader Set SimpleTimeZone
            SortedMap SortedSet Spliterator Stack StringJoiner StringTokenizer TimeZone Timer TimerTask TreeMap TreeSet
            UUID Vector WeakHashMap
            """,
        "java.util.concurrent": """
            ArrayBlockingQueue BlockingDeque BlockingQueue Callable CompletableFuture CompletionService
            ConcurrentHashMap ConcurrentLinkedQueue ConcurrentMap CopyOnWriteArrayList CountDownLatch CyclicBarrier
            DelayQueue ExecutionException Executor ExecutorService Executors ForkJoinPool Future FutureTask
            LinkedBlockingDeque LinkedBlockingQueue ScheduledExecutorService Semaphore SynchronousQueue ThreadFactory
            ThreadLocalRandom ThreadPoolExecutor TimeUnit TimeoutException
            """,
        "java.util.function": """
            BiConsumer BiFunction BiPredicate BinaryOperator BooleanSupplier Consumer Function IntFunction IntPredicate
            Predicate Supplier ToDoubleFunction ToIntFunction ToLongFunction UnaryOperator
            """,
        "java.util.regex": "MatchResult Matcher Pattern PatternSyntaxException",
        "java.util.stream": "Collector Collectors DoubleStream IntStream LongStream Stream StreamSupport",
        "java.io": """
            BufferedInputStream BufferedOutputStream BufferedReader BufferedWriter ByteArrayInputStream
            ByteArrayOutputStream Closeable DataInput DataInputStream DataOutput DataOutputStream EOFException
            Externalizable File FileInputStream FileNotFoundException FileOutputStream FileReader FileWriter
            FilenameFilter FilterInputStream FilterOutputStream IOException InputStream InputStreamReader ObjectInput
            ObjectInputStream ObjectOutput ObjectOutputStream OutputStream OutputStreamWriter PrintStream PrintWriter
            PushbackReader RandomAccessFile Reader Serializable StreamTokenizer StringReader StringWriter
            UncheckedIOException UnsupportedEncodingException Writer
            """,
        "java.math": "BigDecimal BigInteger MathContext RoundingMode",
        "java.net": """
            DatagramPacket DatagramSocket HttpURLConnection InetAddress InetSocketAddress MalformedURLException
            ServerSocket Socket SocketException SocketTimeoutException URI URISyntaxException URL URLConnection
            URLDecoder URLEncoder UnknownHostException
            """,
        "java.nio": "Buffer ByteBuffer ByteOrder CharBuffer DoubleBuffer FloatBuffer IntBuffer LongBuffer ShortBuffer",
        "java.nio.file": "FileSystem FileSystems FileVisitResult Files OpenOption Path Paths StandardOpenOption",
        "java.sql": """
            CallableStatement Connection DatabaseMetaData DriverManager PreparedStatement ResultSet ResultSetMetaData
            SQLException Statement Timestamp Types
            """,
        "java.text": "DateFormat DecimalFormat MessageFormat NumberFormat ParseException SimpleDateFormat",
        "java.time": """
            Clock DayOfWeek Duration Instant LocalDate LocalDateTime LocalTime Month OffsetDateTime Period Year ZoneId
            ZoneOffset ZonedDateTime
            """,
    }.items()
}
"""Classes of the JDK by package, for ``import package.*``; those of java.lang need no import."""
