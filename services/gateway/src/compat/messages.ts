/**
 * The messages of proto/compat/gRPCMef3Server.proto as they are in memory:
 * requests as decoded (int64 as decimal strings), answers as they are encoded.
 */

/** OpenFileRequest, FileInfoRequest and GetActiveChannelsRequest. */
export interface FileRequest {
  readonly file_path: string;
}

export type ListOpenFilesRequest = Readonly<Record<string, never>>;

export interface SignalRangeRequest {
  readonly file_path: string;
  readonly channel_names: readonly string[];
  readonly start_uutc: string;
  readonly end_uutc: string;
}

export interface SetSignalSegmentRequest {
  readonly file_path: string;
  readonly seconds: string;
}

export interface SignalChunkRequest {
  readonly file_path: string;
  readonly chunk_idx: string;
}

export interface SetActiveChannelsRequest {
  readonly file_path: string;
  readonly channel_names: readonly string[];
}

/** Every answer may carry an error's text; success carries the empty string. */
interface Answer {
  readonly error_message: string;
}

export interface FileInfoResponse extends Answer {
  readonly file_path: string;
  readonly file_opened: boolean;
  readonly number_of_channels?: number;
  readonly channel_names?: readonly string[];
  readonly channel_sampling_rates?: readonly number[];
  readonly start_uutc?: number;
  readonly end_uutc?: number;
  readonly duration_s?: number;
  readonly channel_start_uutc?: readonly number[];
  readonly channel_end_uutc?: readonly number[];
}

export interface ListOpenFilesResponse extends Answer {
  readonly file_paths: readonly string[];
}

/** SetSignalSegmentResponse and GetNumberOfSegmentsResponse. */
export interface NumberOfSegmentsResponse extends Answer {
  readonly file_path: string;
  readonly number_of_segments: number;
}

/** SetActiveChannelsResponse and GetActiveChannelsResponse. */
export interface ActiveChannelsResponse extends Answer {
  readonly file_path: string;
  readonly active_channels: readonly string[];
}
